"""One row a cell: its axes, its work, what was trained and its typical latency."""

import pandas as pd

from tfscale.architecture import layers_of
from tfscale.axes import AXES
from tfscale.flop import activation_bytes, flop_by_kind, flop_per_example, weight_bytes
from tfscale.interval import median_interval
from tfscale.passes import calls_per_pass

TRAINED = ("data", "parameters", "training_examples", "training_steps", "test_accuracy")


def cells_table(
    visits: pd.DataFrame, facts: dict[str, dict], evaluation: dict, confidence: float
) -> pd.DataFrame:
    """The table of cells from the rows of all visits; one row a cell and host.

    `facts` maps a cell to what is known of its trained model, `evaluation` holds inputs and
    passes. Latency is the median over visits of a visit's median, with the sign-test interval.
    """
    rows = []
    for (name, host), group in visits.groupby(["cell", "host"], sort=False):
        axes = {axis: group[axis].iloc[0] for axis in AXES}
        rows.append(
            {"cell": name, "host": host}
            | axes
            | {key: facts[name][key] for key in TRAINED}
            | _work(axes, facts[name]["vocabulary"])
            | _latency(group, axes["batch_size"], confidence)
            | _paper(group["p50_s"].median(), axes["batch_size"], **evaluation)
        )
    return pd.DataFrame(rows)


def _work(axes: dict, vocabulary: int) -> dict:
    layers = layers_of(axes)
    by_kind = {f"{kind}_flop": flop for kind, flop in flop_by_kind(layers).items()}
    return {
        "flop_per_example": flop_per_example(layers),
        "weight_bytes": weight_bytes(layers, vocabulary, axes["precision"]),
        "activation_bytes": activation_bytes(layers, axes["precision"]),
    } | by_kind


def _latency(visits: pd.DataFrame, batch_size: int, confidence: float) -> dict:
    interval = median_interval(visits["p50_s"].to_numpy(), confidence)
    typical, undisturbed = visits["p50_s"].median(), visits["p05_s"].median()
    return {
        "rounds": visits["round"].nunique(),
        "visits": len(visits),
        "calls": visits["calls"].sum(),
        "latency_s": typical,
        "latency_low_s": interval.low,
        "latency_high_s": interval.high,
        "coverage": interval.coverage,
        "undisturbed_s": undisturbed,
        "noise_index": typical / undisturbed,
        "throughput_per_s": batch_size / typical,
        "first_call_s": visits["first_call_s"].median(),
        "load_s": visits["load_s"].median(),
        "unsettled_visits": int((~visits["settled"].fillna(True).astype(bool)).sum()),
        "stop_reason": "; ".join(sorted(set(visits["stop_reason"]))),
    }


def _paper(latency_s: float, batch_size: int, inputs: int, passes: int) -> dict:
    pass_s = latency_s * calls_per_pass(inputs, batch_size)
    return {"pass_mean_s": pass_s, "passes_total_s": passes * pass_s}


def paper_table(cells: pd.DataFrame, model: str) -> pd.DataFrame:
    """The paper's own table of a model: Layers, BatchSize, ConvSize, TotalTime, MeanTime."""
    names = {
        "layers": "Layers",
        "batch_size": "BatchSize",
        "conv_size": "ConvSize",
        "passes_total_s": "TotalTime",
        "pass_mean_s": "MeanTime",
    }
    rows = cells[cells["model"] == model].sort_values(["layers", "batch_size", "conv_size"])
    return rows[list(names)].rename(columns=names)
