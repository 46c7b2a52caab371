"""How fast memory is just now: what calls on much data wait for, and the calibration does not see.

The calibration kernel works in the caches of its CPU. Memory and the last cache are shared with all
that runs on the socket, other virtual machines too: over 59 calls of 0.6 s on an otherwise idle
machine, the rank correlation of a call with this copy was 0.70, with the calibration 0.00.
"""

from time import perf_counter_ns

import numpy as np

BYTES, COPIES = 16 << 20, 4


def copy_time() -> float:
    """Seconds of four copies of 16 MiB to other memory: about 6 ms, after an unmeasured one."""
    source, target = np.ones(BYTES, np.uint8), np.empty(BYTES, np.uint8)
    np.copyto(target, source)
    start = perf_counter_ns()
    for _ in range(COPIES):
        np.copyto(target, source)
    return (perf_counter_ns() - start) / 1e9
