"""First call, warm-up and timed block of a process; its undisturbed latency.

Source of the rules: docs/method.md. Times are in nanoseconds by the monotonic clock.
"""

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from math import ceil
from statistics import median
from time import perf_counter_ns, process_time_ns

import numpy as np

from tfscale.jobs.limits import Phases
from tfscale.timing.calm import calibrate
from tfscale.timing.protocol import (
    LONG_NS,
    NS,
    SLOW_NS,
    VERY_SLOW_NS,
    calls_per_pass,
    calls_wanted,
)

WARM_CALLS, WARM_SHORTEST_NS, WARM_LONGEST_NS = 10, NS // 10, NS
SIDE_CALLS, SIDE_NS, FEWEST_SIDE_CALLS = 10, NS // 10, 3
SETTLED = 0.98
HEADROOM = 4
BLOCK_NS = 2_000_000
"""Shortest block whose mean counts as undisturbed: of blocks from one call to 10 ms, 2 ms had
nearly the narrowest intervals, and fast and slow calls get about as many chances a second."""

Call = Callable[[int], object]
"""Runs call number i to its end."""


@dataclass(frozen=True, eq=False)
class Block:
    """Durations (ns) of the first call, the warm-up and the timed calls; whether the warm-up
    settled; the calibrations (s) round the timed calls; CPU seconds a second in them."""

    first: int
    warmup: list[int]
    settled: bool | None
    timed: np.ndarray
    calibration_before_s: float
    calibration_after_s: float
    cpu_share: float


def undisturbed_ns(durations_ns: np.ndarray) -> float:
    """The mean of the fastest block of consecutive calls that takes 2 ms; of longer calls that of
    the fastest one. Never more than the median call, for a few calls may hold no calm block.

    Whatever disturbs a call adds to its time (Chen and Revels 2016, "Robust benchmarking in noisy
    environments"), so the fastest block says what the model costs.

    >>> undisturbed_ns(np.array([3e6, 2.5e6, 9e6]))
    2500000.0
    >>> undisturbed_ns(np.array([1e6, 1e6, 4e6, 1e6, 3e6]))
    1000000.0
    """
    median_ns = float(np.median(durations_ns))
    count = min(ceil(BLOCK_NS / median_ns), len(durations_ns))
    sums = np.cumsum(np.concatenate([[0], durations_ns]))
    return min(float((sums[count:] - sums[:-count]).min() / count), median_ns)


@dataclass(frozen=True)
class Length:
    """How long the timed block of a cell is, by its protocol (see `protocol.calls_wanted`)."""

    protocol: dict
    batch_size: int
    inputs: int

    def of(self, call_ns: float) -> tuple[float, int]:
        """The fewest seconds and the fewest calls, of calls that take so long."""
        if self.protocol["protocol"] == "paper":
            return 0.0, self.protocol["passes"] * calls_per_pass(self.inputs, self.batch_size)
        return self.protocol["min_time_s"], calls_wanted(call_ns, self.protocol["min_calls"])


def time_calls(
    call: Call, length: Length, phases: Phases, wait: Callable[[], object] = int
) -> Block:
    """Make the first call, warm up, and time a block of the length that is asked for.

    `wait` returns when the device has ended all work.

    A first call of over 0.6 s has warmed up: of 17 cells over 1 s the second call took 0.99 times
    the third, in 86 processes of 0.6 to 1 s 1.00 times. Where it was slow for another reason
    (tracing, compiling), so that the next ones are quick, these count as warm-up. The paper's
    protocol, whose block is long, always warms up.
    """
    first = phases.peak("first", lambda: time_call(call, 0))
    early: list[int] = []
    if first > VERY_SLOW_NS and length.protocol["protocol"] != "paper":
        block = _timed(call, first, length, phases, wait)
        if block.timed.min() > VERY_SLOW_NS:
            return replace(block, first=first)
        early = block.timed.tolist()
    warmup, settled = phases.peak("warmup", lambda: warm_up(call))
    block = _timed(call, median(warmup), length, phases, wait)
    return replace(block, first=first, warmup=[*early, *warmup], settled=settled)


def _timed(
    call: Call, call_ns: float, length: Length, phases: Phases, wait: Callable[[], object]
) -> Block:
    """The timed block, a calibration before and after it."""
    shortest_s, fewest = length.of(call_ns)
    wait()
    before_s = calibrate()
    cpu_start, wall_start = process_time_ns(), perf_counter_ns()
    timed = phases.peak("timed", lambda: timed_block(call, call_ns, shortest_s, fewest))
    wait()
    cpu_share = (process_time_ns() - cpu_start) / (perf_counter_ns() - wall_start)
    return Block(0, [], None, timed, before_s, calibrate(), cpu_share)


def time_call(call: Call, index: int) -> int:
    """Duration of one call in ns."""
    start = perf_counter_ns()
    call(index)
    return perf_counter_ns() - start


def warm_up(call: Call) -> tuple[list[int], bool | None]:
    """Call until the times have settled: the durations in ns, and whether they did.

    At least 10 calls and 0.1 s, at most 1 s, until the median of the last 10 is not below 0.98 of
    the 10 before; of the last 5, when calls take over 0.01 s. One call is enough where it takes
    over 0.03 s (then None: nobody can say).
    """
    durations: list[int] = []
    total = 0
    while True:
        durations.append(time_call(call, len(durations)))
        total += durations[-1]
        window = WARM_CALLS // 2 if min(durations) > LONG_NS else WARM_CALLS
        settled = _settled(durations, window)
        if min(durations) > SLOW_NS or total >= WARM_LONGEST_NS:
            return durations, settled
        if settled and total >= WARM_SHORTEST_NS:
            return durations, settled


def _settled(durations: list[int], window: int) -> bool | None:
    if len(durations) < 2 * window:
        return None
    before, last = durations[-2 * window : -window], durations[-window:]
    return median(last) >= SETTLED * median(before)


def side_block(call: Call | None, call_ns: float) -> list[int]:
    """Durations in ns of 10 calls, of over 0.01 s each of 3 to 9 that take 0.1 s, after a first one
    that is left out; none of a slow or missing call."""
    if call is None or call_ns > SLOW_NS:
        return []
    count = min(max(int(SIDE_NS / max(call_ns, 1)), FEWEST_SIDE_CALLS), SIDE_CALLS)
    return [time_call(call, index) for index in range(count + 1)][1:]


@contextmanager
def collector_off() -> Iterator[None]:
    """Collect garbage once, and not again in the block."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def timed_block(call: Call, call_ns: float, min_time_s: float, min_calls: int) -> np.ndarray:
    """Durations in ns, int64, of at least `min_calls` calls and `min_time_s` seconds.

    The array is allocated before; `call_ns` is the expected duration.
    """
    shortest = int(min_time_s * NS)
    room = int(HEADROOM * shortest / max(call_ns, 1)) + min_calls
    durations = np.zeros(room, dtype=np.int64)
    done = total = 0
    with collector_off():
        while done < room and (done < min_calls or total < shortest):
            start = perf_counter_ns()
            call(done)
            taken = perf_counter_ns() - start
            durations[done] = taken
            total += taken
            done += 1
    return durations[:done]
