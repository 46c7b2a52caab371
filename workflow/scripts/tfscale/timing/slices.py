"""The timed block in slices between calibrations: a neighbour spoils one slice, not the visit."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil
from time import perf_counter_ns, process_time_ns

import numpy as np

from tfscale.timing.quiet import Quiet
from tfscale.timing.slow_calls import NS, SLOW_NS, calls_wanted
from tfscale.timing.timed_block import Call, collector_off, time_call, timed_block

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
