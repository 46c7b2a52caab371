"""How long a job may take before any was measured: from its FLOP and the calibration kernel.

The shares and the fixed times are what full studies took on a virtual machine of two CPUs (AMD
EPYC); they are a first guess, which the measured durations of the study correct (`pace`).
"""

from math import ceil

from tfscale import sections
from tfscale.architecture import layers_of
from tfscale.axes import Cell
from tfscale.budget import predicted_inputs, training_budget
from tfscale.flop import flop_per_example, training_flop_per_example
from tfscale.grid import cost_flop
from tfscale.passes import calls_per_pass
from tfscale.traffic import reread_kernel_bytes

KERNEL_FLOP = 80 * 2 * 192**3
"""FLOP of one calibration."""
USUAL_REFERENCE_S = 0.02
TRAINING_SHARE, PREDICTING_SHARE, CALL_SHARE = 0.6, 1.2, 1.6
"""Of the kernel's FLOP a second: what training, predicting by the trained network and a call
reach (the kernel is in part a loop of Python)."""
REREAD_BYTES_A_S = 14e9
"""Bytes a second of a kernel that has outgrown the caches (see `traffic`)."""
EXAMPLES = {"mnist": 54_000, "text": 7_800}
VALIDATION = 1000
TRAINING_START_S, RUN_START_S, VISIT_START_S, CALL_S = 3.0, 0.7, 0.8, 3e-4
MORE_VISITS = 1.4
"""Visits of a run over its fewest, which make up for disturbed ones and wide intervals, and the
slices that a visit repeats: 1.1 fitted a quiet study, 1.6 a busy one."""
SLOW_CALL_S, VERY_SLOW_CALL_S, SLOW_CALLS, WARM_CALLS, WARM_S = 0.03, 1.0, 3, 10, 1.0
FIXED_S = {
    "download": 5.0, "encode": 2.0, "calibrate": 5.0, "floor": 4.0, "merge": 4.0, "fit": 20.0,
    "plot": 4.0, "report": 3.0,
}  # fmt: skip
SHAPE_S = 2.0


def kernel_speed(reference_s: float | None) -> float:
    """FLOP a second of the calibration kernel, which takes `reference_s` on a quiet machine."""
    return KERNEL_FLOP / (reference_s or USUAL_REFERENCE_S)


def training_s(axes: Cell, config: dict, speed: float) -> float:
    """Seconds on one CPU of training a model and predicting the test inputs; `speed` is that of the
    kernel (FLOP a second)."""
    recipe, layers = config["training"], layers_of(axes)
    budget = training_budget(
        layers, recipe, axes["batch_size"], EXAMPLES[axes["model"]], VALIDATION
    )
    epoch_flop = budget.examples * training_flop_per_example(layers)
    epoch_flop += budget.validation * flop_per_example(layers)
    inputs = predicted_inputs(layers, **sections.predicting(config))
    predicting_s = inputs * flop_per_example(layers) / PREDICTING_SHARE
    learning_s = recipe["epochs"] * epoch_flop / TRAINING_SHARE
    return TRAINING_START_S + (learning_s + predicting_s) / speed


def run_s(axes: Cell, walk: str, config: dict, speed: float) -> float:
    """Seconds of one run of a cell."""
    timing = sections.protocol(config, walk)
    call_s = _call_s(axes, speed)
    if timing["protocol"] == "paper":
        calls = timing["passes"] * calls_per_pass(
            config["evaluation"]["inputs"], axes["batch_size"]
        )
        return RUN_START_S + timing["visits"] * (VISIT_START_S + calls * call_s)
    visit_s = VISIT_START_S + call_s + _warm_s(call_s) + _timed_s(call_s, timing)
    visits = min(timing["max_visits"], MORE_VISITS * timing["visits"])
    within_cap = max(timing["visits"], ceil(timing["time_cap_s"] / visit_s))
    return RUN_START_S + min(visits, within_cap) * visit_s


def _call_s(axes: Cell, speed: float) -> float:
    reread_s = axes["batch_size"] * reread_kernel_bytes(layers_of(axes)) / REREAD_BYTES_A_S
    return CALL_S + (cost_flop(axes) / (CALL_SHARE * speed) + reread_s) / axes["threads"]


def _warm_s(call_s: float) -> float:
    return 0.0 if call_s > VERY_SLOW_CALL_S else min(WARM_CALLS * call_s + 0.1, WARM_S)


def _timed_s(call_s: float, timing: dict) -> float:
    calls = timing["min_calls"]
    if call_s > SLOW_CALL_S:
        calls = min(calls, SLOW_CALLS)
    if call_s > VERY_SLOW_CALL_S:
        calls = 1
    return max(timing["min_time_s"], calls * call_s)


def other_s(rule: str, shapes: int) -> float:
    """Seconds of a job that neither trains nor times a cell; the floor has `shapes` shapes."""
    return FIXED_S.get(rule, 0.0) + (SHAPE_S * shapes if rule == "floor" else 0.0)
