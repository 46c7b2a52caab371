"""One CPU's arithmetic and copying at their best, by NumPy in a fraction of a second: enough for an
estimate. What the analysis uses is measured by TensorFlow (`roofs`)."""

from timeit import repeat

import numpy as np

SIDE, COPIED_BYTES, REPEATS = 1024, 2**26, 5


def flop_per_s() -> float:
    """FLOP a second of a float32 product of 1024 x 1024 matrices: the best of 5."""
    matrix = np.ones((SIDE, SIDE), dtype=np.float32)
    return 2 * SIDE**3 / min(repeat(lambda: matrix @ matrix, number=1, repeat=REPEATS))


def copied_per_s() -> float:
    """Bytes read and written a second of a copy of 64 MiB: the best of 5."""
    source, target = np.ones(COPIED_BYTES, np.uint8), np.empty(COPIED_BYTES, np.uint8)
    times_s = repeat(lambda: np.copyto(target, source), number=1, repeat=REPEATS)
    return 2 * COPIED_BYTES / min(times_s)
