"""The table of cells, the paper's tables, and their columns.

What times or trains writes these files and knows nothing of this module, so that a word changed
here times and trains nothing again; a test compares it with the files.
"""

import pandas as pd
import pyarrow as pa

from tfscale.axes import AXES, CALL_AXES, axes_of
from tfscale.files.columns import (
    Described,
    axes,
    bounded,
    call_axes,
    count,
    flag,
    model_axes,
    number,
    text,
)
from tfscale.models.saved import inputs_digest
from tfscale.study.kinds import KINDS, WORK
from tfscale.timing.protocol import calls_per_pass
from tfscale.timing.run_file import DESCRIBED

MADE = ("data", "parameters", "training_examples", "training_steps", "test_accuracy")
FLOOR_KEYS = ["host", "inputs", "batch_size", "threads"]


def cells_table(
    timed: pd.DataFrame, facts: dict[str, dict], floor: pd.DataFrame, evaluation: dict
) -> pd.DataFrame:
    """The table of cells; one row a cell and machine.

    `timed` is what the processes say (`latencies`), `facts` maps a cell to what is known of its
    model, `floor` has the identity model's latency for inputs, batch size, threads and host,
    `evaluation` holds inputs and passes.
    """
    known = [facts[name] for name in timed["cell"]]
    work = pd.DataFrame([{key: one["work"][key] for key in WORK} for one in known])
    made = pd.DataFrame([{key: one[key] for key in MADE} for one in known])
    made["test_accuracy"] = made["test_accuracy"].astype(float)
    whose, own = timed[["cell", "machine", "host"]], timed[list(AXES)]
    rest = timed.drop(columns=[*whose, *AXES])
    batch = timed["batch_size"].rename("called_batch")
    table = pd.concat([whose, own, batch, made, work, rest], axis=1)
    table["inputs"] = [inputs_digest(one["inputs"]) for one in known]
    table = table.merge(floor, how="left", on=FLOOR_KEYS).drop(columns="inputs")
    of_tensorflow = table["runtime"] == CALL_AXES["runtime"].default
    table["floor_s"] = table["floor_s"].where(of_tensorflow)
    return table.assign(**_paper(table, **evaluation))


def _paper(table: pd.DataFrame, inputs: int, passes: int) -> dict:
    """The paper's times at the cell's own batch size."""
    pass_s = table["latency_s"] * calls_per_pass(inputs, table["batch_size"])
    return {"pass_mean_s": pass_s, "passes_total_s": passes * pass_s}


def paper_table(cells: pd.DataFrame, model: str) -> pd.DataFrame:
    """The paper's own table of a model: Layers, BatchSize, ConvSize, TotalTime, MeanTime.

    It has no column for the other axes: rows that differ from the model's first cell in one of
    them (or in the machine) are left out.
    """
    names = {
        "layers": "Layers",
        "batch_size": "BatchSize",
        "conv_size": "ConvSize",
        "passes_total_s": "TotalTime",
        "pass_mean_s": "MeanTime",
    }
    rows = cells[cells["model"] == model]
    others = [*(axis for axis in axes_of(model) if axis not in names), "machine"]
    rows = rows.merge(rows[others].head(1)).sort_values(["layers", "batch_size", "conv_size"])
    whole = rows[list(names)].astype({"layers": int, "conv_size": int})
    return whole.rename(columns=names)


MACHINE = "the host, and its environment where it was seen in several; or the node class"
_WORD = pa.dictionary(pa.int32(), pa.string())
_MERGED = {
    "environment_id": (_WORD, "environments whose rows must not be pooled differ in it"),
    "environment_record": (_WORD, "CPU, kernel, versions and settings, as JSON"),
    "warnings": (_WORD, "what may have disturbed the machine, a line each"),
    "cpu_model": (_WORD, "model of the processor"),
    "machine": text(MACHINE),
    "order_index": (pa.int32(), "place of the run in its round, from 1"),
}
"""What merging adds to the columns of a run."""


_RUN = {"cell": DESCRIBED["cell"], **axes(), **DESCRIBED}
RUN = Described(_RUN)
"""A row a process, in the file of one run; there with the axes of its own family."""
RUNS = Described(_RUN | _MERGED)
"""The same of all runs."""

_MEMORY = ("load", "first", "warmup", "timed")

_WORK = {
    "operations": "operations that a call starts",
    "flop_per_example": "FLOP of one example",
    "flop_per_call": "FLOP of a call whatever its batch",
    "weight_bytes": "bytes of all weights",
    "read_weight_bytes": "bytes of weights that a call reads",
    "reread_kernel_bytes": "bytes of kernels read again from beyond the caches, one example",
    "activation_bytes": "bytes of all inputs and outputs of operations, one example",
    **{f"{kind}_flop": f"FLOP of one example: {kind}" for kind in KINDS},
    **{f"{kind}_bytes": f"bytes read and written by one example: {kind}" for kind in KINDS},
}
CELLS = Described(
    {
        "cell": text("name of the cell"),
        "machine": text(MACHINE),
        "host": text("name of the machine; of a node class the node whose floor was measured"),
        **axes(),
        "called_batch": count("examples that a call really had"),
        "data": text("real, builtin, own (the family's) or none (not trained)"),
        "parameters": count("weights of the model, one by one"),
        "training_examples": count("examples seen in training"),
        "training_steps": count("steps of training"),
        "test_accuracy": number("share of the predicted test inputs that were right"),
        **{name: count(_WORK[name]) for name in WORK},
        "rounds": count("rounds with a run of the cell"),
        "processes": count("processes that timed it"),
        "disturbed_processes": count("of them those that a neighbour disturbed, by physical signs"),
        "calls": count("timed calls of the processes"),
        **bounded(
            "latency",
            "seconds a call, undisturbed: median over processes of the fastest block",
            "_s",
        ),
        "half_width": number("half of the interval's log-length; missing = none is claimed"),
        "coverage": number("exact coverage of the interval; missing = it is the range"),
        "repeat_half_width": number(
            "log of the factor by which another such study differs at most (95 %)"
        ),
        "typical_s": number("seconds a call as seen here: median of the processes' p50_s"),
        "noise": number("typical over undisturbed latency"),
        "p90_s": number("90th percentile of all timed calls"),
        "p90_high_s": number("its upper bound (99 %); missing under 64 calls"),
        "p99_s": number("99th percentile of all timed calls"),
        "p99_high_s": number("its upper bound (99 %); missing under 662 calls"),
        "throughput_per_s": number("examples a second: batch size over latency"),
        "unsettled_processes": count("processes whose warm-up did not settle"),
        "processes_total_s": number("seconds of all processes together"),
        "first_call_s": number("median of the first calls"),
        "load_s": number("median of loading the SavedModel"),
        "unfetched_s": number("median call without fetching the output"),
        "copy_s": number("median copy of a batch from host to device"),
        **{f"memory_{phase}_bytes": number(f"median peak memory: {phase}") for phase in _MEMORY},
        "floor_s": number(
            "latency of the identity model with these shapes of inputs; of TensorFlow only"
        ),
        "pass_mean_s": number("seconds of a pass at the cell's batch size (the paper's MeanTime)"),
        "passes_total_s": number("the same times `evaluation.passes` (the paper's TotalTime)"),
    }
)
"""A row a cell and machine."""


FLOOR = Described(
    {
        "inputs": text("digest of what the models take: shapes, types and bounds"),
        **call_axes(["batch_size", "threads"]),
        "host": text("name of the machine"),
        "floor_s": number("latency of an identity model with these shapes of inputs"),
    }
)

ROOFS = Described(
    {
        "host": text("name of the machine"),
        **call_axes(["threads"]),
        "peak_gflop_per_s": number("10⁹ FLOP a second of TensorFlow's float32 matrix product"),
        "peak_gbyte_per_s": number("10⁹ bytes a second, read and written, of a large copy"),
    }
)

PREDICTIONS = Described(
    {
        "input": count("place of the test input, from 0"),
        "actual": text("its label"),
        "predicted": text("label that the model says"),
        "probability": number("probability that the model gives it"),
        "correct": flag("whether the two agree"),
        "review": text("the review (movie reviews only)"),
    }
)

RUN_MACHINE = Described(
    {
        "host": text("name of the machine"),
        "started": text("when it was looked at (UTC)"),
        "reference_s": number("undisturbed calibration kernel: 20th percentile of 150 runs"),
        "spread": number("their 90th percentile over the reference"),
        "slow_share": number("share of them over 1.1 times the reference"),
        "warnings": text("what may disturb the machine; a list"),
    }
)
"""The keys of machine.json."""

FACTS = Described(
    {
        "model": text("axis: model"),
        **model_axes(),
        **call_axes(["precision"]),
        "batch_size": count("examples a training step; missing = not trained"),
        "seed": count("seed of the study"),
        "deterministic": flag("trained with TensorFlow's deterministic operations only"),
        "data": text("real, builtin, own (the family's) or none (not trained)"),
        "data_sha256": text("digest of the encoded data; empty = none"),
        "training_steps": count("steps of training"),
        "training_step_examples": count("examples a step"),
        "training_examples": count("examples seen in training"),
        "best_epoch": count("epoch whose weights were kept, from 1"),
        "validation_examples": count("examples that chose it"),
        "validation_accuracy": number("share of them predicted correctly"),
        "predicted_inputs": count("test inputs predicted: the first ones of a pass"),
        "test_accuracy": number("share of them predicted correctly"),
        "parameters": count("weights of the model, one by one"),
        "inputs": text("what it takes, by name: shape, dtype, bounds of made-up values"),
        "work": text("FLOP, bytes and operations, in all and by layer; what is not counted"),
        "saved_model_sha256": text("digest of the SavedModel"),
        "variables": text("settings of the environment, by name; as a run records them"),
    }
)
"""The keys of a model's facts.json."""
