"""The headline of a visit: warm-up, timed block, and the state of the machine round it."""

from dataclasses import dataclass, field, replace
from statistics import median
from time import perf_counter_ns, process_time_ns

import numpy as np

from tfscale.calibration import calibrate
from tfscale.calls import Calls
from tfscale.device import wait_for_device
from tfscale.disturbance import SLOWER_NOW
from tfscale.memory_speed import copy_time
from tfscale.passes import calls_per_pass
from tfscale.phases import Phases
from tfscale.quiet import calibrate_when_quiet
from tfscale.timed_block import SLOW_NS, VERY_SLOW_NS, calls_wanted, timed_block, warm_up

RETIMED, RETIMED_VERY_SLOW = 2, 1
"""Blocks of a visit that are timed again; a block of calls over 1 s is a whole visit's time."""


@dataclass(frozen=True)
class Block:
    """Durations of a timed block (ns), what was seen of the machine (columns of the run), and the
    durations of the blocks before it that a slow calibration had end in vain."""

    timed: np.ndarray
    facts: dict
    abandoned: list[int] = field(default_factory=list)


def headline(
    calls: Calls, first_ns: int, request: dict, quiet: dict, phases: Phases
) -> tuple[list[int], Block]:
    """Warm up and time the calls of a visit: the durations of the warm-up (ns) and the block.

    A first call of over 1 s has warmed up: of 17 such cells the second call took 0.99 times the
    third. Where it was slow for another reason (tracing, compiling), so that the next one is quick,
    that one counts as warm-up. `quiet` holds calibration_before_s, and waited_s of the patience.
    """
    if first_ns > VERY_SLOW_NS:
        block = _block(calls, first_ns, request, quiet, phases)
        if min(block.timed) > VERY_SLOW_NS:
            return [], replace(block, facts=block.facts | {"settled": None})
    warm, settled = phases.peak("warmup", lambda: warm_up(calls.fetched))
    block = _block(calls, median(warm), request, quiet, phases)
    return warm, replace(block, facts=block.facts | {"settled": settled})


def _block(calls: Calls, call_ns: float, request: dict, quiet: dict, phases: Phases) -> Block:
    """The timed block, once more when the calibration after it is slow: that costs less than
    another visit, which would be disturbed as often. The paper's protocol times once."""
    again = RETIMED_VERY_SLOW if call_ns > VERY_SLOW_NS else RETIMED
    if request["protocol"]["protocol"] == "paper":
        again = 0
    abandoned: list[int] = []
    for retimed in range(again + 1):
        block = _one_block(calls, call_ns, request, quiet, phases, wait=retimed > 0)
        if retimed == again or not _ended_slow(block, request):
            break
        abandoned += block.timed.tolist()
        quiet = {name: block.facts[name] for name in quiet}
    return Block(block.timed, block.facts | {"retimed": retimed}, abandoned)


def _ended_slow(block: Block, request: dict) -> bool:
    reference_s = request.get("reference_s")
    return reference_s is not None and block.facts["calibration_after_s"] > SLOWER_NOW * reference_s


def _one_block(
    calls: Calls, call_ns: float, request: dict, quiet: dict, phases: Phases, wait: bool
) -> Block:
    """A timed block; to `wait`, and before slow calls, is to wait for an undisturbed machine once
    more."""
    wait_for_device()
    if wait or call_ns > SLOW_NS:
        patience_s = request.get("patience_s", 0.0) - quiet["waited_s"]
        again_s, longer_s = calibrate_when_quiet(request.get("reference_s"), patience_s)
        quiet = {"calibration_before_s": again_s, "waited_s": quiet["waited_s"] + longer_s}
    memory_before_s = copy_time()
    cpu_start, wall_start = process_time_ns(), perf_counter_ns()
    timed = phases.peak("timed", lambda: _timed(calls, call_ns, request))
    cpu_share = (process_time_ns() - cpu_start) / (perf_counter_ns() - wall_start)
    wait_for_device()
    after = {"calibration_after_s": calibrate(), "memory_copy_after_s": copy_time()}
    before = quiet | {"memory_copy_before_s": memory_before_s, "cpu_share": cpu_share}
    return Block(timed, before | after)


def _timed(calls: Calls, call_ns: float, request: dict) -> np.ndarray:
    """The timed block of the protocol: short, or the paper's passes of all inputs."""
    protocol, batch_size = request["protocol"], request["axes"]["batch_size"]
    if protocol["protocol"] == "paper":
        wanted = protocol["passes"] * calls_per_pass(request["inputs"], batch_size)
        return timed_block(calls.fetched, call_ns, 0, wanted)
    wanted = calls_wanted(call_ns, protocol["min_calls"])
    shortest = 0.0 if wanted == 1 else protocol["min_time_s"]
    return timed_block(calls.fetched, call_ns, shortest, wanted)
