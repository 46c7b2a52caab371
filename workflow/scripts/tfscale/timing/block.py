"""Warm-up, slices, timed block, headline, peak memory of the phases.

Source of the rules: docs/method.md. Times are in nanoseconds by the monotonic clock.
"""

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from math import ceil
from statistics import mean, median
from time import perf_counter_ns, process_time_ns
from typing import TypeVar

import numpy as np

from tfscale.jobs.limits import peak_bytes, reset_peak
from tfscale.timing.calls import Calls, wait_for_device
from tfscale.timing.calm import Quiet, copy_time
from tfscale.timing.protocol import LONG_NS, NS, SLOW_NS, VERY_SLOW_NS, calls_per_pass, calls_wanted

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


SLICE_S = 0.0625
COLD_NS, HARDLY_COLD_NS = NS // 100, 4 * NS // 100
"""After a calibration a call takes some 0.4 ms more, whatever its length, until 10 ms have gone: of
calls over 0.04 s that is under 1 %."""
MOST_QUICK, MOST_SLOW = 4, 2
"""Slices that are made at most, in those that are wanted; slow calls cost more."""
MOST_MORE = 15
"""And at most so many over those wanted, about a second: of a long block (`min_time_s` of 2 s) four
times as many would take longer than a visit may."""


@dataclass(frozen=True)
class Plan:
    """Calm slices that are wanted and slices at most, and of each the fewest calls and seconds."""

    wanted: int
    most: int
    calls: int
    shortest_s: float


@dataclass(frozen=True, eq=False)
class Slice:
    """Durations (ns) of the calls that warmed up again and of those timed, the calibrations (s)
    round them, and the CPU and wall time of the timed ones (ns)."""

    rewarmed: list[int]
    timed: np.ndarray
    before_s: float
    after_s: float
    cpu_ns: int
    wall_ns: int

    @property
    def slowest_s(self) -> float:
        """The slower of its two calibrations."""
        return max(self.before_s, self.after_s)


def plan_slices(call_ns: float, min_calls: int, min_time_s: float) -> Plan:
    """Slices of 1/16 s or one call that together make the block: at least `min_time_s` and
    `min_calls` (one call when it takes over 0.03 s)."""
    length_s = max(SLICE_S, call_ns / NS)
    wanted = ceil(min_time_s / length_s)
    times = MOST_SLOW if call_ns > SLOW_NS else MOST_QUICK
    most = wanted + min((times - 1) * wanted, MOST_MORE)
    calls = ceil(calls_wanted(call_ns, min_calls) / wanted)
    return Plan(wanted, most, calls, min(SLICE_S, min_time_s))


def one_stretch(calls: int) -> Plan:
    """So many calls without a break, as the paper's protocol has them."""
    return Plan(1, 1, calls, 0.0)


def time_slices(call: Call, call_ns: float, plan: Plan, quiet: Quiet) -> list[Slice]:
    """Time slices until as many as wanted were calm, or the most were made."""
    slices: list[Slice] = []
    rewarm = call_ns < HARDLY_COLD_NS and plan.most > 1
    quiet.look()
    with collector_off():
        while len(calm(slices, quiet.limit_s)) < plan.wanted and len(slices) < plan.most:
            slices.append(_slice(call, call_ns, plan, quiet, rewarm, len(slices)))
    return slices


def calm(slices: Sequence[Slice], limit_s: float) -> list[Slice]:
    """The slices with no calibration over `limit_s`."""
    return [each for each in slices if each.slowest_s <= limit_s]


def _slice(
    call: Call, call_ns: float, plan: Plan, quiet: Quiet, rewarm: bool, number: int
) -> Slice:
    before_s = quiet.wait()
    rewarmed = _rewarm(call) if rewarm else []
    offset = number * plan.calls
    cpu_start, wall_start = process_time_ns(), perf_counter_ns()
    timed = timed_block(_later(call, offset), call_ns, plan.shortest_s, plan.calls)
    cpu_ns, wall_ns = process_time_ns() - cpu_start, perf_counter_ns() - wall_start
    return Slice(rewarmed, timed, before_s, quiet.look(), cpu_ns, wall_ns)


def _rewarm(call: Call) -> list[int]:
    durations: list[int] = []
    while sum(durations) < COLD_NS:
        durations.append(time_call(call, len(durations)))
    return durations


def _later(call: Call, offset: int) -> Callable[[int], object]:
    """The same calls, other batches first: slices of one call are not all of the first batch."""
    return lambda index: call(offset + index)


T = TypeVar("T")


class Phases:
    """Runs the phases of a visit and keeps the peak resident memory (bytes) of each."""

    def __init__(self) -> None:
        """No phase has run: what never runs has no peak."""
        self.peaks: dict[str, int | None] = {}

    def peak(self, phase: str, task: Callable[[], T]) -> T:
        """The result of a task; its peak goes into the column of the phase."""
        reset_peak()
        result = task()
        self.peaks[f"memory_{phase}_bytes"] = peak_bytes()
        return result


@dataclass(frozen=True)
class Block:
    """Durations of the timed calls (ns), what was seen of the machine (columns of the run), and the
    durations of the slices left out and of the calls that warmed up again after a calibration."""

    timed: np.ndarray
    facts: dict
    left_out: list[int] = field(default_factory=list)
    rewarmed: list[int] = field(default_factory=list)


def headline(
    calls: Calls, first_ns: int, request: dict, quiet: Quiet, phases: Phases
) -> tuple[list[int], Block]:
    """Warm up and time the calls of a visit: the durations of the warm-up (ns) and the block.

    A first call of over 0.6 s has warmed up: of 17 cells over 1 s the second call took 0.99 times
    the third, in 86 visits of 0.6 to 1 s 1.00 times. Where it was slow for another reason (tracing,
    compiling), so that the next one is quick, its block counts as warm-up. So does the block after
    a single call of warm-up that was slow by chance.
    """
    before: list[int] = []
    if first_ns > VERY_SLOW_NS:
        block = _block(calls, first_ns, request, quiet, phases)
        if min(block.timed) > VERY_SLOW_NS:
            return [], replace(block, facts=block.facts | {"settled": None})
        before = _all_calls(block)
    warm, block = _warm_block(calls, request, quiet, phases)
    if min(warm) > SLOW_NS > 2 * median(block.timed):
        before += [*warm, *_all_calls(block)]
        warm, block = _warm_block(calls, request, quiet, phases)
    return [*before, *warm], block


def _all_calls(block: Block) -> list[int]:
    """The durations (ns) of all calls of a block that is none after all, but warmed up."""
    return [*block.rewarmed, *block.left_out, *block.timed.tolist()]


def _warm_block(
    calls: Calls, request: dict, quiet: Quiet, phases: Phases
) -> tuple[list[int], Block]:
    warm, settled = phases.peak("warmup", lambda: warm_up(calls.fetched))
    block = _block(calls, median(warm), request, quiet, phases)
    return warm, replace(block, facts=block.facts | {"settled": settled})


def _block(calls: Calls, call_ns: float, request: dict, quiet: Quiet, phases: Phases) -> Block:
    """The timed block. Of its slices only the calm ones count, if they are as many as wanted; a
    visit that has too few counts all of them, and will be seen as disturbed."""
    wait_for_device()
    memory_before_s = copy_time()
    plan = _plan(call_ns, request)
    slices = phases.peak("timed", lambda: time_slices(calls.fetched, call_ns, plan, quiet))
    wait_for_device()
    chosen = calm(slices, quiet.limit_s)
    if len(chosen) < plan.wanted:
        chosen = slices
    facts = _facts(chosen) | {
        "slices": len(slices),
        "slices_left_out": len(slices) - len(chosen),
        "calibrations_s": [each for slice_ in slices for each in (slice_.before_s, slice_.after_s)],
        "waited_s": quiet.waited_s,
        "memory_copy_before_s": memory_before_s,
        "memory_copy_after_s": copy_time(),
    }
    left_out = [ns for slice_ in slices if slice_ not in chosen for ns in slice_.timed.tolist()]
    rewarmed = [ns for slice_ in slices for ns in slice_.rewarmed]
    return Block(np.concatenate([each.timed for each in chosen]), facts, left_out, rewarmed)


def _facts(chosen: list[Slice]) -> dict:
    """Calibrations (s), by their means, and share of CPU time of the slices that count."""
    return {
        "calibration_before_s": mean(each.before_s for each in chosen),
        "calibration_after_s": mean(each.after_s for each in chosen),
        "cpu_share": sum(each.cpu_ns for each in chosen) / sum(each.wall_ns for each in chosen),
    }


def _plan(call_ns: float, request: dict) -> Plan:
    """The slices of the protocol: some short ones, or the paper's passes of all inputs at once."""
    protocol, batch_size = request["protocol"], request["axes"]["batch_size"]
    if protocol["protocol"] == "paper":
        return one_stretch(protocol["passes"] * calls_per_pass(request["inputs"], batch_size))
    return plan_slices(call_ns, protocol["min_calls"], protocol["min_time_s"])
