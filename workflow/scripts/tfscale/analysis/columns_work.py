"""The columns of the tables of the work model and of predictions: type and what each holds."""

from tfscale.analysis.held_out import WITHIN_PERCENT
from tfscale.analysis.time_shares import BOUNDS, OPERATIONS
from tfscale.analysis.workload import ARCHITECTURE, SETTING
from tfscale.files.described import axes, bounded, count, described, number, text

_GROUP = {"machine": text("machine"), "model": text("model"), **axes(*SETTING)}
_SIZE = {
    "called_batch": count("examples of a call (of the paper's tables 32, whatever they say)"),
    "flop_per_example": count("FLOP of one example"),
    "read_weight_bytes": count("bytes of weights that a call reads"),
}

WORK_MODEL = described(
    {
        **_GROUP,
        "term": text("term of the work model"),
        "bound": text("what it stands for: overhead, compute or memory"),
        "operation": text("kind of operation"),
        "cost_s": number("seconds a unit of `per`; missing = cannot be told"),
        "standard_error_s": number("standard error of `cost_s`, clustered by architecture"),
        "cost_low_s": number("lower end of the interval of `cost_s`, by bootstrap"),
        "cost_high_s": number("upper end of the interval of `cost_s`"),
        "per": text("unit: call, operation, FLOP or byte"),
        **bounded("rate", "10⁹ units a second that the cost stands for", "_giga_per_s"),
        "time_share": number("the term's share of the time of all cells together"),
        "cells": count("cells of the fit"),
        "architectures": count("architectures among them"),
        "verdict": text("estimated, at zero, undetermined, or not testable and why"),
    }
)

TIME_SHARES = described(
    {
        **_GROUP,
        "operation": text("kind of operation"),
        **bounded("time_share", "its share of the time of all cells together"),
        **bounded("achieved", "10⁹ FLOP a second, memory included", "_gflop_per_s"),
    }
)

REGIMES = described(
    {
        "cell": text("cell"),
        **_GROUP,
        **axes(*ARCHITECTURE),
        "called_batch": _SIZE["called_batch"],
        "latency_s": number("latency of the cell"),
        "fitted_s": number("latency by the work model"),
        "relative_residual": number("fitted over measured, less 1"),
        **{f"{kind}_share": number(f"share of the fitted time: {kind}") for kind in OPERATIONS},
        **{f"{kind}_bound_share": number(f"share of the fitted time: {kind}") for kind in BOUNDS},
        "label": text("overhead-, compute- or memory-bound, undetermined, or not testable"),
        "label_support": number("share of the bootstrap studies in which that share is greatest"),
    }
)

SATURATION = described(
    {
        **_GROUP,
        **axes(*ARCHITECTURE),
        "overhead_s": number("seconds of a call whatever its batch"),
        "per_example_s": number("seconds that one more example takes"),
        **bounded("n_half", "batch at half of the best throughput", "_examples"),
        **bounded("b90", "batch at 90 % of the best throughput", "_examples"),
        "most_throughput_per_s": number("examples a second of an endless batch"),
        "least_batch": count("least batch that was run"),
        "greatest_batch": count("greatest batch that was run"),
        "verdict": text("reached, not reached, undetermined or not testable"),
    }
)

HELD_OUT = described(
    {
        **_GROUP,
        "test": text("what is left out: a cell, an architecture, a level, a factor's top level"),
        "predictor": text("work model, law per factor, log-log regression or constant"),
        "folds": count("parts left out in turn"),
        "cells": count("cells left out in all"),
        "median_error_percent": number("median size of predicted / measured - 1"),
        **{
            f"within_{most}_percent": number(f"per cent of the cells missed by at most {most} %")
            for most in WITHIN_PERCENT
        },
        "rmspe_percent": number("root mean square of predicted / measured - 1"),
        "negative_predictions": count("cells with a predicted time below zero"),
        "noise_floor_percent": number("median change of a cell between rounds: none can be better"),
        "note": text("why there is no number"),
    }
)

HELD_OUT_CELLS = described(
    {
        "cell": text("cell that was left out"),
        **_GROUP,
        **axes(*ARCHITECTURE),
        "called_batch": _SIZE["called_batch"],
        "test": text("what was left out with it: its architecture, or a factor's top level"),
        "fold": text("the part that was left out"),
        "predictor": text("predictor: the work model"),
        "measured_s": number("latency of the cell"),
        "predicted_s": number("what the others let expect"),
    }
)

COVERAGE = described(
    {
        **_GROUP,
        "asked_percent": number("coverage asked of a prediction's interval"),
        "covered_percent": number("cells of architectures left out that it held"),
        "cells": count("cells"),
        "architectures": count("architectures left out in turn"),
        "note": text("why there is no number"),
    }
)

PREDICTIONS = described(
    {
        "machine": text("machine"),
        "cell": text("cell of `predict`"),
        **axes(),
        **_SIZE,
        **bounded("latency", "predicted seconds a call", "_s"),
        "coverage": number("coverage of the interval; missing = no interval"),
        "measured_s": number("latency of the cell, if it was run after all"),
        "extrapolates": text("axes beyond what was run; empty = none"),
        "note": text("why there is no prediction or no interval"),
    }
)

BUDGET = described(
    {
        "machine": text("machine"),
        "source": text("measured or predicted"),
        "largest_by": text("measure of size: FLOP or weights"),
        "budget_s": number("longest call allowed (`budget.latency_ms`)"),
        "cell": text("largest model within it; missing = none"),
        **axes(),
        **_SIZE,
        **bounded("latency", "seconds a call", "_s"),
        "verdict": text("within, undetermined, extrapolated, no interval, or none within it"),
    }
)

WORK_TABLES = {
    "work_model": WORK_MODEL,
    "time_shares": TIME_SHARES,
    "regimes": REGIMES,
    "saturation": SATURATION,
    "held_out": HELD_OUT,
    "held_out_cells": HELD_OUT_CELLS,
    "coverage": COVERAGE,
    "predictions": PREDICTIONS,
    "budget": BUDGET,
}
"""By the names of `fit_tables`."""
