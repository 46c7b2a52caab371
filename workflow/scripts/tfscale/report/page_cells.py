"""The cells as the explorer reads them: columns of short numbers, and texts that repeat once."""

import pandas as pd

from tfscale.axes import AXES
from tfscale.axis_words import AXIS_WORDS
from tfscale.report.page_script import brief, coded

NUMBERS = (
    "latency_s", "latency_low_s", "latency_high_s", "half_width", "coverage", "noise_index",
    "p90_s", "p99_s", "p99_high_s", "throughput_per_s", "first_call_s", "load_s", "floor_s",
    "pass_mean_s", "test_accuracy", "memory_timed_bytes",
)  # fmt: skip
COUNTS = ("visits", "clean_visits", "calls", "parameters", "flop_per_example", "training_examples")
REPEATED = ("machine", "stop_reason", "data", "regime", "trained", "marks")


def described(
    cells: pd.DataFrame, regimes: pd.DataFrame, marks: list[list[str]], trained: dict[str, str]
) -> pd.DataFrame:
    """The cells with what the page adds in words: `marks` (the reservations about each), `regime`
    (what holds it up, by the table of regimes) and `trained` (its trained model)."""
    labels = {
        (row["machine"], row["cell"]): str(row["label"]) for row in regimes.to_dict("records")
    }
    keys = zip(cells["machine"], cells["cell"], strict=True)
    return cells.assign(
        marks=[" · ".join(words) for words in marks],
        regime=[labels.get(key, "unknown") for key in keys],
        trained=[trained.get(cell, "") for cell in cells["cell"]],
    )


def explorer_columns(cells: pd.DataFrame) -> dict[str, object]:
    """One list a column, in the order of the cells as `described`."""
    columns: dict[str, object] = {"cell": cells["cell"].tolist()}
    columns |= {axis: cells[axis].tolist() for axis in AXES}
    columns |= {name: [brief(value) for value in cells[name]] for name in NUMBERS}
    columns |= {name: cells[name].astype(int).tolist() for name in COUNTS}
    return columns | {name: coded(cells[name].astype(str).tolist()) for name in REPEATED}


def explorer_axes(cells: pd.DataFrame) -> list[dict[str, object]]:
    """The axes on which the cells differ: key, name, label with unit, whether they are numbers."""
    return [
        {
            "key": axis,
            "name": AXIS_WORDS[axis].name,
            "label": AXIS_WORDS[axis].label,
            "number": spec.kind is int,
        }
        for axis, spec in AXES.items()
        if cells[axis].nunique() > 1
    ]
