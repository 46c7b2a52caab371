"""The look at the machine before a study."""

import json
import subprocess
import sys

from tfscale.console.code import SCRIPTS
from tfscale.timing import calm, host
from tfscale.timing.calm import places


def test_a_cpu_that_others_use_does_not_stand_for_the_machine(tmp_path, monkeypatch):
    went = []
    monkeypatch.setattr(host, "places", lambda threads: [[1], [0]])
    monkeypatch.setattr(calm, "pin_to", went.append)
    monkeypatch.setattr(host, "calibrate", lambda: 0.04 if went[-1] == [1] else 0.02)
    monkeypatch.setattr(host, "warnings", lambda threads: [])
    said = host.look(str(tmp_path / "machine.json"))
    seen = json.loads((tmp_path / "machine.json").read_text())
    assert (seen["reference_s"], seen["slow_share"]) == (0.02, 0.5)
    assert "takes 20.0 ms, and over 1.1 times that in 50 % of 150 trials" in said


ROOFS = """
import json, sys
sys.path.insert(0, sys.argv[1])
from tfscale.timing import calm as pinning
pin_to, went = pinning.pin_to, []
pinning.pin_to = lambda cpus: went.append(pin_to(cpus))
from tfscale.timing.floor import measure_roofs
measure_roofs(threads=1, side=64, copied_bytes=2**16)
print(json.dumps(went))
"""


def test_each_roof_is_looked_for_on_all_cpus_in_turn():
    done = subprocess.run(
        [sys.executable, "-c", ROOFS, str(SCRIPTS)], capture_output=True, text=True, check=True
    )
    went = json.loads(done.stdout)
    product, copy = went[: len(went) // 2], went[len(went) // 2 :]
    assert product == copy and len(product) >= 6
    assert product[: len(places(1))] == places(1)
