"""The columns of the tables of runs, visits and cells: type and what each holds."""

import pyarrow as pa

from tfscale.axes import AXES
from tfscale.axis_words import AXIS_WORDS
from tfscale.files.described import axes, bounded, count, described, flag, number, text
from tfscale.tables.gathering import RAW
from tfscale.timing.columns import SCHEMA

MACHINE = "the host, and its environment where it was seen in several; or the node class"
_WORD = pa.dictionary(pa.int32(), pa.string())
_MERGED = described(
    {
        "stop_reason": (_WORD, "why the run ended"),
        "environment_id": (_WORD, "environments whose rows must not be pooled differ in it"),
        "environment": (_WORD, "CPU, kernel, versions and settings, as JSON"),
        "warnings": (_WORD, "what may have disturbed the machine, a line each"),
        "cpu_model": (_WORD, "model of the processor"),
        "sentinel": flag("a sentinel's visit, outside of the rounds"),
        "left_because": (
            _WORD,
            "why later runs of its cell timed it no more; missing if none did so",
        ),
        "machine": text(MACHINE),
        "order_index": (pa.int32(), "place of the run in its round, from 1"),
    }
)
"""What merging adds to the columns of a run."""


def _runs() -> list[pa.Field]:
    """The columns of a run; its axes get their words here, for a label must not time again."""
    return [
        field.with_metadata({"what": f"axis: {AXIS_WORDS[field.name].label}"})
        if field.name in AXES
        else field
        for field in SCHEMA
    ]


RUN = pa.schema(_runs())
"""A row a visit, in the file of one run."""
RUNS = pa.schema([*RUN, *_MERGED])
"""The same of all runs and sentinels."""
VISITS = pa.schema([field for field in RUNS if field.name not in RAW])
"""The same without raw durations."""

_KINDS = ("conv_first", "conv_square", "conv_full_span", "pool", "dense")
_MOVED = ("conv_first", "conv_square", "conv_full_span", "pool", "embedding")
_MEMORY = ("load", "first", "warmup", "timed")

CELLS = described(
    {
        "cell": text("name of the cell"),
        "machine": text(MACHINE),
        "host": text("name of the machine; of a node class the node whose floor was measured"),
        **axes(),
        "called_batch": count("examples that a call really had"),
        "data": text("real or builtin"),
        "parameters": count("weights of the model, one by one"),
        "training_examples": count("examples seen in training"),
        "training_steps": count("steps of training"),
        "test_accuracy": number("share of the predicted test inputs that were right"),
        "operations": count("operations of a call"),
        "flop_per_example": count("FLOP of one example"),
        "weight_bytes": count("bytes of all weights"),
        "read_weight_bytes": count("bytes of weights that a call reads"),
        "reread_kernel_bytes": count(
            "bytes of kernels read again from beyond the caches, one example"
        ),
        "activation_bytes": count("bytes of all outputs of layers, one example"),
        **{f"{kind}_flop": count(f"FLOP of one example: {kind}") for kind in _KINDS},
        **{f"{kind}_moved_bytes": count(f"bytes read and written: {kind}") for kind in _MOVED},
        "rounds": count("rounds with a run of the cell"),
        "visits": count("visits"),
        "clean_visits": count("undisturbed visits; 0 = all were disturbed, and all are used"),
        "calls": count("timed calls of the visits used"),
        **bounded("latency", "seconds a call: median of the visits' medians", "_s"),
        "half_width": number("half of the interval's log-length; missing = none is claimed"),
        "coverage": number("exact coverage of the interval; missing = it is the range"),
        "repeat_half_width": number(
            "log of the factor by which another such study differs at most (95 %)"
        ),
        "latency_at_reference_s": number(
            "the latency at the CPU's undisturbed speed, by the calibrations of its visits"
        ),
        "half_width_at_reference": number("half of the log-length of its interval"),
        "reference_s": number("the undisturbed calibration of the machine in this study"),
        "undisturbed_s": number("median of the visits' 5th percentiles"),
        "noise_index": number("latency over undisturbed"),
        "p90_s": number("90th percentile of all timed calls"),
        "p90_high_s": number("its upper bound (99 %); missing under 64 calls"),
        "p99_s": number("99th percentile of all timed calls"),
        "p99_high_s": number("its upper bound (99 %); missing under 662 calls"),
        "throughput_per_s": number("examples a second"),
        "unsettled_visits": count("visits whose warm-up did not settle"),
        "visits_total_s": number("seconds of all visits together"),
        "stop_reason": text("why its last run ended or made no visit"),
        "first_call_s": number("median of the first calls"),
        "load_s": number("median of loading the SavedModel"),
        "unfetched_s": number("median call without fetching the output"),
        "copy_s": number("median copy of a batch from host to device"),
        **{f"memory_{phase}_bytes": number(f"median peak memory: {phase}") for phase in _MEMORY},
        "floor_s": number("latency of the identity model with this shape of input"),
        "pass_mean_s": number("seconds of a pass at the cell's batch size (the paper's MeanTime)"),
        "passes_total_s": number("the same times `evaluation.passes` (the paper's TotalTime)"),
    }
)
"""A row a cell and machine."""
