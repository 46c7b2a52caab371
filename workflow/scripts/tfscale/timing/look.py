"""A look at the machine before the first job, in a process of its own: it needs NumPy."""

import json
import sys
from statistics import mean
from time import monotonic
from timeit import timeit

import numpy as np

from tfscale.timing.calm import calibrate, pin, reference
from tfscale.timing.host import warnings

LOOK_S = 2
"""Noise comes in waves of about a second: what it costs shows in the mean of a longer look."""
SIDE = 1024


def main(threads: int) -> None:
    """Print as JSON calibrations with their reference, the mean FLOP a second of float32 products
    of 1024 x 1024 matrices, which take turns with them, and warnings for so many threads."""
    noticed = warnings(threads)
    pin(1)
    matrix = np.ones((SIDE, SIDE), dtype=np.float32)
    times_s, products_s, end = [], [], monotonic() + LOOK_S
    while monotonic() < end:
        times_s.append(calibrate())
        products_s.append(timeit(lambda: matrix @ matrix, number=1))
    seen = {"times_s": times_s, "reference_s": reference(times_s)}
    seen |= {"flop_per_s": 2 * SIDE**3 / mean(products_s), "warnings": noticed}
    print(json.dumps(seen))


if __name__ == "__main__":
    main(int(sys.argv[1]))
