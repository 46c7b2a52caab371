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
    """Print what a look finds as JSON: calibrations and their reference, the mean FLOP a second of
    float32 products of 1024 x 1024 matrices, and warnings for so many threads."""
    noticed = warnings(threads)
    pin(1)
    matrix = np.ones((SIDE, SIDE), dtype=np.float32)
    calibrations_s, products_s = [], []
    end_s = monotonic() + LOOK_S
    while monotonic() < end_s:
        calibrations_s.append(calibrate())
        products_s.append(timeit(lambda: matrix @ matrix, number=1))
    seen = {
        "times_s": calibrations_s,
        "reference_s": reference(calibrations_s),
        "flop_per_s": 2 * SIDE**3 / mean(products_s),
        "warnings": noticed,
    }
    print(json.dumps(seen))


if __name__ == "__main__":
    main(int(sys.argv[1]))
