"""A look at the machine before the first job, in a process of its own: it needs NumPy."""

import json
from timeit import repeat

import numpy as np

from tfscale.timing.calm import calibrate, pin
from tfscale.timing.host import warnings

CALIBRATIONS = 25
SIDE, COPIED_BYTES, REPEATS = 1024, 2**26, 5


def main() -> None:
    """Print calibrations (`times_s`), peaks and warnings as JSON."""
    noticed = warnings(threads=1)
    pin(1)
    times_s = [calibrate() for _ in range(CALIBRATIONS)]
    peaks = {"flop_per_s": flop_per_s(), "bytes_per_s": copied_per_s()}
    print(json.dumps({"times_s": times_s, "warnings": noticed} | peaks))


def flop_per_s() -> float:
    """FLOP a second of a float32 product of 1024 x 1024 matrices: the best of 5."""
    matrix = np.ones((SIDE, SIDE), dtype=np.float32)
    return 2 * SIDE**3 / min(repeat(lambda: matrix @ matrix, number=1, repeat=REPEATS))


def copied_per_s() -> float:
    """Bytes read and written a second of a copy of 64 MiB: the best of 5."""
    source, target = np.ones(COPIED_BYTES, np.uint8), np.empty(COPIED_BYTES, np.uint8)
    times_s = repeat(lambda: np.copyto(target, source), number=1, repeat=REPEATS)
    return 2 * COPIED_BYTES / min(times_s)


if __name__ == "__main__":
    main()
