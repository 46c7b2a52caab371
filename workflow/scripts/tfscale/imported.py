"""Tables from elsewhere in the form of a study's cells: the paper's own CSV files."""

import pandas as pd

from tfscale.axes import cell_name, defaults
from tfscale.errors import StudyError
from tfscale.passes import calls_per_pass
from tfscale.work import work_columns

PAPER_COLUMNS = ["Layers", "BatchSize", "ConvSize", "TotalTime", "MeanTime"]
PAPER_BATCH = 32
"""Keras' default: the paper's batch size never reached `predict`, which therefore used this one."""
PAPER_INPUTS = 2000
INPUT_SIZES = {"mnist": 28, "text": 56}
VOCABULARY = {"mnist": 0, "text": 18_765}


def paper_cells(path: str, model: str, name: str) -> pd.DataFrame:
    """One row a row of the paper's CSV, with the columns of `cells.parquet` that it can fill.

    `machine` is `name`. batch_size is what the table says, called_batch what the calls really
    had; latency_s is the time of one call, MeanTime over the calls of a pass. Raises StudyError
    that names the file and what is wrong with it.
    """
    table = pd.read_csv(path)
    if missing := [column for column in PAPER_COLUMNS if column not in table]:
        raise StudyError(f"{path}: no column {', '.join(missing)} (imports in config.yaml)")
    if not (pd.to_numeric(table["MeanTime"], errors="coerce") > 0).all():
        raise StudyError(f"{path}: MeanTime must be above 0 in every row (imports in config.yaml)")
    return pd.DataFrame([_cell(row, model, name) for row in table.to_dict("records")])


def _cell(row: dict, model: str, name: str) -> dict:
    axes = defaults() | {
        "model": model,
        "layers": int(row["Layers"]),
        "batch_size": int(row["BatchSize"]),
        "conv_size": int(row["ConvSize"]),
        "input_size": INPUT_SIZES[model],
    }
    return (
        {"cell": cell_name(axes), "machine": name, "called_batch": PAPER_BATCH}
        | axes
        | work_columns(axes, VOCABULARY[model])
        | {
            "latency_s": row["MeanTime"] / calls_per_pass(PAPER_INPUTS, PAPER_BATCH),
            "pass_mean_s": row["MeanTime"],
        }
    )
