"""One row a cell: its axes, its work, what was trained and its typical latency."""

import pandas as pd

from tfscale.axes import AXES
from tfscale.study.work import work_columns
from tfscale.tables.latency import cells_of, latencies
from tfscale.timing.passes import calls_per_pass

TRAINED = ("data", "parameters", "training_examples", "training_steps", "test_accuracy")
FLOOR_KEYS = ["host", "model", "input_size", "batch_size", "threads"]


def cells_table(
    visits: pd.DataFrame, runs_path: str, facts: dict[str, dict], floor: pd.DataFrame,
    evaluation: dict, coverage: float,
) -> pd.DataFrame:  # fmt: skip
    """The table of cells from the rows of all visits; one row a cell and machine.

    `visits` says by `machine` which rows belong together: a host in one environment; their raw
    durations are in `runs_path`. `facts` maps a cell to what is known of its trained model, `floor`
    has the identity model's latency a shape and host, `evaluation` holds inputs and passes,
    `coverage` is asked of the interval.
    """
    timed = latencies(visits, runs_path, coverage)
    rows = [
        axes
        | {"called_batch": axes["batch_size"]}
        | {key: facts[name][key] for key in TRAINED}
        | work_columns(axes, facts[name]["vocabulary"])
        for name, axes in zip(timed["cell"], cells_of(timed), strict=True)
    ]
    whose = timed[["cell", "machine", "host"]]
    known = timed.drop(columns=[*whose, *AXES])
    table = pd.concat([whose, pd.DataFrame(rows), known], axis=1)
    table = table.merge(floor, how="left", on=FLOOR_KEYS)
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
    others = [*(axis for axis in AXES if axis not in names), "machine"]
    plain = (rows[others] == rows[others].iloc[0]).all(axis=1)
    rows = rows[plain].sort_values(["layers", "batch_size", "conv_size"])
    return rows[list(names)].rename(columns=names)
