"""Calibration kernel, memory copy, pinning, waiting for calm.

The calibration kernel works in the caches of its CPU. Memory and the last cache are shared with all
that runs on the socket, other virtual machines too: over 59 calls of 0.6 s on an otherwise idle
machine, the rank correlation of a call with this copy was 0.70, with the calibration 0.00.
"""

import os
from collections.abc import Iterator
from contextlib import suppress
from itertools import cycle, islice
from pathlib import Path
from time import monotonic, perf_counter_ns, sleep

import numpy as np

from tfscale.timing.protocol import SLOWER

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


BYTES, COPIES = 16 << 20, 4


def copy_time() -> float:
    """Seconds of four copies of 16 MiB to other memory: about 6 ms, after an unmeasured one."""
    source, target = np.ones(BYTES, np.uint8), np.empty(BYTES, np.uint8)
    np.copyto(target, source)
    start = perf_counter_ns()
    for _ in range(COPIES):
        np.copyto(target, source)
    return (perf_counter_ns() - start) / 1e9


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

    Empty where that cannot be done or is forbidden: then nothing changes, and the row of the visit
    says so by an empty affinity.
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


PAUSE_S = 0.05
NEAR = 1.08
"""Of a visit's own calm calibrations, which are of the same minute: an undisturbed kernel varies by
2 to 3 %, a neighbour on the same core makes it 1.3 to 1.5."""


class Quiet:
    """The calibrations of one visit (s), how long it waited for calm ones, and the CPUs that it
    used after a wait; those where it only looked do not count.

    A calibration is calm up to 1.2 times `reference_s`, that of the undisturbed machine (None
    where it is not known), and up to 1.08 times the visit's own 20th percentile: a neighbour on the
    same core comes and goes in some 0.2 s, the clock in minutes. Waiting ends after `patience_s`.
    """

    def __init__(self, reference_s: float | None, patience_s: float, threads: int) -> None:
        """Nothing was calibrated yet, and the process is where it was."""
        self.reference_s, self.patience_s = reference_s, patience_s
        self.places = places(threads)
        self.cpus_used: set[int] = set()
        self.calibrations_s: list[float] = []
        self.waited_s = 0.0
        self._turn = 0
        self._cpus: list[int] = []

    @property
    def limit_s(self) -> float:
        """Up to here a calibration is calm, by what was seen so far."""
        known = [] if self.reference_s is None else [SLOWER * self.reference_s]
        own = [NEAR * reference(self.calibrations_s)] if self.calibrations_s else []
        return min(known + own, default=float("inf"))

    def look(self) -> float:
        """Calibrate once (s)."""
        self.calibrations_s.append(calibrate())
        return self.calibrations_s[-1]

    def calm(self) -> bool:
        """Whether the last calibration was."""
        return self.calibrations_s[-1] <= self.limit_s

    def wait(self) -> float:
        """The last calibration (s), once it is calm or patience has ended.

        A neighbour mostly disturbs one CPU (it shares its core), so the others are tried at once,
        and all of them again after a pause.
        """
        start, before_s = monotonic(), self.waited_s
        while not self.calm() and self.waited_s < self.patience_s:
            self._move()
            self.look()
            self.waited_s = before_s + monotonic() - start
        self.cpus_used |= set(self._cpus)
        return self.calibrations_s[-1]

    def settle(self) -> None:
        """Pin this process to the first CPUs that are calm, or without patience to the first."""
        self._pin()
        self.look()
        self.wait()

    def _move(self) -> None:
        """To the next CPUs; a pause comes before the first ones."""
        self._turn = (self._turn + 1) % len(self.places)
        if self._turn == 0:
            sleep(PAUSE_S)
        if len(self.places) > 1:
            self._pin()

    def _pin(self) -> None:
        self._cpus = pin_to(self.places[self._turn])
