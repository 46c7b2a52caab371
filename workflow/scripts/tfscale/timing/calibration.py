"""A kernel of fixed work: its time says how fast this CPU is just now, whatever the model."""

from time import perf_counter_ns

import numpy as np

REFERENCE_QUANTILE = 0.2
_SIDE, _PRODUCTS, _STEPS = 192, 40, 75_000
_MATRIX = np.ones((_SIDE, _SIDE), dtype=np.float32)


def calibrate() -> float:
    """Seconds of 40 products of 192 x 192 matrices and 75,000 steps of a Python loop.

    About 10 ms. Half of it goes before, unmeasured, so that caches and pages are warm: one that
    follows the calls of a model takes 1.1 % more than the next (of twice the work: 0.6 %).
    """
    _work(_PRODUCTS // 2, _STEPS // 2)
    start = perf_counter_ns()
    _work(_PRODUCTS, _STEPS)
    return (perf_counter_ns() - start) / 1e9


def _work(products: int, steps: int) -> int:
    result = np.empty_like(_MATRIX)
    for _ in range(products):
        np.matmul(_MATRIX, _MATRIX, out=result)
    state = 0
    for step in range(steps):
        state = (state * 31 + step) & 1023
    return state


def reference(calibrations_s) -> float:
    """The undisturbed time of the kernel: the 20th percentile of many calibrations (s)."""
    return float(np.quantile(np.asarray(calibrations_s, dtype=float), REFERENCE_QUANTILE))
