"""How long a job may take before any was measured: from its FLOP, bytes and the machine's speed.

The factors were fitted to a default study on a virtual machine of two CPUs (243 GFLOP/s, 37 GB/s)
and foretell one on another (108 GFLOP/s, 21 GB/s; see docs/scaling.md). They are a first guess,
which the measured durations of the study correct (`pace`).
"""

from math import ceil

from tfscale.axes import Cell
from tfscale.console.speed import Speed
from tfscale.study import sections
from tfscale.study.architecture import layers_of
from tfscale.study.budget import predicted_inputs, training_budget
from tfscale.study.flop import (
    activation_bytes,
    flop_per_example,
    training_flop_per_example,
    weight_bytes,
)
from tfscale.study.grid import cost_flop
from tfscale.study.priorities import FURTHER_SHARE
from tfscale.study.traffic import reread_kernel_bytes
from tfscale.timing.passes import calls_per_pass
from tfscale.timing.slow_calls import NS, SLOW_NS, VERY_SLOW_NS

CALL_FLOP, CALL_BYTES, TRAINING_FLOP = 1.2, 1.2, 1.3
"""Times that arithmetic takes at the machine's peak, and kernels that have outgrown the caches (see
`traffic`) at its copying speed."""
TRAINING_BYTES = 50
"""Times that training copies the weights (a step) and the activations (an example), so to speak."""
EXAMPLES = {"mnist": 54_000, "text": 7_800}
VALIDATION = 1000
VOCABULARY = {"mnist": 0, "text": 18_765}
"""Of the full reviews: the real one is known only once they are encoded."""
TRAINING_START_S, RUN_START_S, VISIT_START_S, CALL_S = 1.8, 0.43, 0.49, 1.6e-4
"""At the usual speed of the calibration kernel."""
WARM_CALLS, WARM_S = 10, 1.0
FIXED_S = {
    "download": 5.0, "encode": 2.0, "calibrate": 5.0, "floor": 4.0, "merge": 4.0, "fit": 20.0,
    "plot": 4.0, "report": 3.0,
}  # fmt: skip
SHAPE_S = 2.0


def training_s(axes: Cell, config: dict, speed: Speed) -> float:
    """Seconds on one CPU of training a model and predicting the test inputs."""
    recipe, layers, batch_size = config["training"], layers_of(axes), axes["batch_size"]
    budget = training_budget(layers, recipe, batch_size, EXAMPLES[axes["model"]], VALIDATION)
    examples, validation = (
        recipe["epochs"] * count for count in (budget.examples, budget.validation)
    )
    forward = validation + predicted_inputs(layers, **sections.predicting(config))
    flop = examples * training_flop_per_example(layers) + forward * flop_per_example(layers)
    moved = examples / batch_size * weight_bytes(layers, VOCABULARY[axes["model"]])
    moved += (3 * examples + validation) * activation_bytes(layers)
    return (
        TRAINING_START_S * speed.start
        + TRAINING_FLOP * flop / speed.flop_per_s
        + TRAINING_BYTES * moved / speed.bytes_per_s
    )


def run_s(axes: Cell, walk: str, config: dict, speed: Speed, number: int = 1) -> float:
    """Seconds of run `number` of a walk; in a further round it mostly has nothing to do, and
    nothing where the earlier visits have taken the cell's cap."""
    timing = sections.protocol(config, walk, number)
    call_s, run_start_s = _call_s(axes, speed), RUN_START_S * speed.start
    start_s = VISIT_START_S * speed.start
    if timing["protocol"] == "paper":
        calls = timing["passes"] * calls_per_pass(
            config["evaluation"]["inputs"], axes["batch_size"]
        )
        return run_start_s + timing["visits"] * (start_s + calls * call_s)
    visit_s = start_s + call_s + _warm_s(call_s) + _timed_s(call_s, timing)
    visits = speed.more_visits * timing["visits"]
    share = _share(timing, (number - 1) * visits * visit_s)
    within_cap = max(timing["visits"], ceil(timing["time_cap_s"] / visit_s))
    return run_start_s + share * min(visits, within_cap) * visit_s


def _share(timing: dict, spent_s: float) -> float:
    """The share of runs like this one that time their cell after so many seconds of visits."""
    if not timing.get("further"):
        return 1.0
    cap_s = timing.get("cell_cap_s")
    return FURTHER_SHARE if cap_s is None or spent_s < cap_s else 0.0


def _call_s(axes: Cell, speed: Speed) -> float:
    reread = axes["batch_size"] * reread_kernel_bytes(layers_of(axes))
    work_s = CALL_FLOP * cost_flop(axes) / speed.flop_per_s
    work_s += CALL_BYTES * reread / speed.bytes_per_s
    return CALL_S * speed.start + work_s / axes["threads"]


def _warm_s(call_s: float) -> float:
    if NS * call_s > SLOW_NS:
        return 0.0 if NS * call_s > VERY_SLOW_NS else call_s
    return min(WARM_CALLS * call_s + 0.1, WARM_S)


def _timed_s(call_s: float, timing: dict) -> float:
    least_s = timing["min_time_s"]
    if NS * call_s > SLOW_NS:
        return ceil(least_s / call_s) * call_s
    return max(least_s, timing["min_calls"] * call_s)


def other_s(rule: str, shapes: int) -> float:
    """Seconds of a job that neither trains nor times a cell; the floor has `shapes` shapes."""
    return FIXED_S.get(rule, 0.0) + (SHAPE_S * shapes if rule == "floor" else 0.0)
