"""Calibration kernel and pinning: what a calm machine is, and where a process runs.

The calibration kernel works in the caches of its CPU: it sees a neighbour on the same core, and not
one that uses the memory that all CPUs share.
"""

import os
from collections.abc import Iterator
from contextlib import suppress
from itertools import cycle, islice
from pathlib import Path
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


TASKS = Path("/proc/self/task")


def places(threads: int) -> list[list[int]]:
    """The groups of `threads` of this process's CPUs, from the last ones on; no CPU is in two.

    One empty group, which pins to nothing, where the system cannot pin (macOS) or allows fewer.
    """
    if not hasattr(os, "sched_setaffinity"):
        return [[]]
    allowed = sorted(os.sched_getaffinity(0))
    ends = range(len(allowed), threads - 1, -threads)
    return [allowed[end - threads : end] for end in ends] or [[]]


def in_turn(groups: list[list[int]], times: int) -> Iterator[list[int]]:
    """So many times pinned to the next of these groups of CPUs: one that is busy does not stand
    for all. They are asked of `places` before, which of a pinned process knows its own alone."""
    for cpus in islice(cycle(groups), times):
        yield pin_to(cpus)


def pin(threads: int) -> list[int]:
    """Pin this process to the last `threads` of its CPUs; see `pin_to`."""
    return pin_to(places(threads)[0])


def pin_to(cpus: list[int]) -> list[int]:
    """Pin this process with all its threads to `cpus`, and return them.

    Empty where that cannot be done or is forbidden: then nothing changes, and the row of the
    process says so by an empty affinity.
    """
    if not cpus:
        return []
    try:
        for task in TASKS.iterdir() if TASKS.exists() else [Path("0")]:
            with suppress(ProcessLookupError):
                os.sched_setaffinity(int(task.name), cpus)
    except OSError:
        return []
    return cpus
