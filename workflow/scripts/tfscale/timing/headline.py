"""The headline of a visit: warm-up, timed block, and the state of the machine round it."""

from dataclasses import dataclass, field, replace
from statistics import mean, median

import numpy as np

from tfscale.timing.calls import Calls
from tfscale.timing.device import wait_for_device
from tfscale.timing.memory_speed import copy_time
from tfscale.timing.passes import calls_per_pass
from tfscale.timing.phases import Phases
from tfscale.timing.quiet import Quiet
from tfscale.timing.slices import Plan, Slice, calm, one_stretch, plan_slices, time_slices
from tfscale.timing.slow_calls import SLOW_NS, VERY_SLOW_NS
from tfscale.timing.timed_block import warm_up


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
