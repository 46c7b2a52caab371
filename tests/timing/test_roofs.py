"""The peaks of the machine that rates are compared with."""

import json
import subprocess
import sys

from tfscale.console.code import SCRIPTS


def test_roofs_are_measured_in_a_process_of_their_own():
    code = (
        f"import sys; sys.path.insert(0, {str(SCRIPTS)!r}); "
        "from tfscale.timing.floor import measure_roofs, roofs_table; "
        "found = measure_roofs({'threads': 1, 'side': 64, 'copied_bytes': 2**16}); "
        "print(roofs_table('h', {1: found}).to_json(orient='records'))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    (row,) = json.loads(done.stdout)
    assert (row["host"], row["threads"]) == ("h", 1)
    assert row["peak_gflop_per_s"] > 0 and row["peak_gbyte_per_s"] > 0
