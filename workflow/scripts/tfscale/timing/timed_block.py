"""Times calls: first call, warm-up and the timed block.

Source of the rules: docs/method.md. Times are in nanoseconds by the monotonic clock.
"""

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from statistics import median
from time import perf_counter_ns

import numpy as np

from tfscale.timing.slow_calls import LONG_NS, NS, SLOW_NS

WARM_CALLS, WARM_SHORTEST_NS, WARM_LONGEST_NS = 10, NS // 10, NS
SIDE_CALLS, SIDE_NS, FEWEST_SIDE_CALLS = 10, NS // 10, 3
SETTLED = 0.98
HEADROOM = 4

Call = Callable[[int], object]
"""Runs call number i to its end."""


def time_call(call: Call, index: int) -> int:
    """Duration of one call in ns."""
    start = perf_counter_ns()
    call(index)
    return perf_counter_ns() - start


def warm_up(call: Call) -> tuple[list[int], bool | None]:
    """Call until the times have settled: the durations in ns, and whether they did.

    At least 10 calls and 0.1 s, at most 1 s, until the median of the last 10 is not below 0.98 of
    the 10 before; of the last 5, when calls take over 0.01 s. One call is enough where it takes
    over 0.03 s (then None: nobody can say). What was seen of such calls: docs/decisions.md.
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
    while done < room and (done < min_calls or total < shortest):
        start = perf_counter_ns()
        call(done)
        taken = perf_counter_ns() - start
        durations[done] = taken
        total += taken
        done += 1
    return durations[:done]
