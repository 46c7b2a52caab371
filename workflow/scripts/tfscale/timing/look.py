"""A look at the machine before the first job, in a process of its own: it needs NumPy."""

import json
import sys
from timeit import repeat

import numpy as np

from tfscale.timing.calm import calibrate, pin, reference
from tfscale.timing.host import warnings

CALIBRATIONS = 25
SIDE, REPEATS = 1024, 5


def main(threads: int) -> None:
    """Print calibrations, their reference, the peak and warnings for so many threads as JSON."""
    noticed = warnings(threads)
    pin(1)
    times_s = [calibrate() for _ in range(CALIBRATIONS)]
    seen = {"times_s": times_s, "reference_s": reference(times_s), "flop_per_s": flop_per_s()}
    print(json.dumps(seen | {"warnings": noticed}))


def flop_per_s() -> float:
    """FLOP a second of a float32 product of 1024 x 1024 matrices: the best of 5."""
    matrix = np.ones((SIDE, SIDE), dtype=np.float32)
    return 2 * SIDE**3 / min(repeat(lambda: matrix @ matrix, number=1, repeat=REPEATS))


if __name__ == "__main__":
    main(int(sys.argv[1]))
