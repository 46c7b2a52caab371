"""The noise of the machine just now: `python -m tfscale.console.noise` looks for a second, in a
process of its own, because NumPy starts threads and need not be where Snakemake is."""

import json
import os
import subprocess
import sys
from pathlib import Path

from tfscale.console.speed import BUSY_SHARE, slow_share
from tfscale.timing.disturbance import NOTICEABLE
from tfscale.units import percent

SCRIPTS = Path(__file__).parents[2]
CALIBRATIONS = 25
QUIET_SHARE = 0.1
LONGEST_S = 30


def noise_now() -> dict | None:
    """Calibrations (`times_s`), peaks (`flop_per_s`, `bytes_per_s`) and `warnings` of the machine;
    None where NumPy is missing, or when it takes over 30 s."""
    path = os.pathsep.join([str(SCRIPTS), *filter(None, [os.environ.get("PYTHONPATH")])])
    try:
        done = subprocess.run(
            [sys.executable, "-m", "tfscale.console.noise"],
            env=os.environ | {"PYTHONPATH": path, "OPENBLAS_NUM_THREADS": "1"},
            capture_output=True, text=True, timeout=LONGEST_S, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return None
    return json.loads(done.stdout) if done.returncode == 0 else None


def noise_words(seen: dict, reference_s: float) -> list[str]:
    """The state in one line and a line a warning; `reference_s` is the undisturbed calibration."""
    times_s = seen["times_s"]
    slow = slow_share(times_s, reference_s)
    state = "quiet" if slow <= QUIET_SHARE else "busy" if slow > BUSY_SHARE else "a little noisy"
    line = (
        f"{state}: {percent(slow)} of {len(times_s)} calibrations took over {NOTICEABLE:g} times "
        f"{reference_s * 1e3:.1f} ms"
    )
    return [line, *[f"warning: {warning}" for warning in seen["warnings"]]]


def main() -> None:
    """Print what is seen as JSON."""
    from tfscale.console.peaks import copied_per_s, flop_per_s
    from tfscale.timing.calibration import calibrate
    from tfscale.timing.host import warnings
    from tfscale.timing.pinning import pin

    noticed = warnings(threads=1)
    pin(1)
    times_s = [calibrate() for _ in range(CALIBRATIONS)]
    peaks = {"flop_per_s": flop_per_s(), "bytes_per_s": copied_per_s()}
    print(json.dumps({"times_s": times_s, "warnings": noticed} | peaks))


if __name__ == "__main__":
    main()
