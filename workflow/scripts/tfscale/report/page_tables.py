"""The rows of the report's tables, formatted for people: three digits and a unit."""

from collections.abc import Callable

import pandas as pd

from tfscale.axes import AXES
from tfscale.units import percent, seconds, three

NOISY = 1.25
MOST_ROWS = 2000
"""Of larger studies the page shows groups of cells instead of all of them."""


def cell_rows(cells: pd.DataFrame) -> list[dict]:
    """One dict a cell with everything that the table of cells shows; `marks` and `regime`, where
    the table has them, are shown as they are."""
    return [
        {axis: row[axis] for axis in AXES}
        | {
            "cell": row["cell"],
            "machine": row["machine"],
            "latency_s": row["latency_s"],
            "latency": seconds(row["latency_s"]),
            "interval": f"{seconds(row['latency_low_s'])} to {seconds(row['latency_high_s'])}",
            "coverage": "range" if pd.isna(row["coverage"]) else percent(row["coverage"], 1),
            "half_width": "–"
            if pd.isna(row["half_width"])
            else f"± {percent(row['half_width'], 1)}",
            "visits": f"{row['clean_visits']} of {row['visits']}",
            "p99": "–" if pd.isna(row["p99_high_s"]) else f"< {seconds(row['p99_high_s'])}",
            "floor": "–" if pd.isna(row["floor_s"]) else seconds(row["floor_s"]),
            "stop_reason": row["stop_reason"],
            "throughput": three(row["throughput_per_s"]),
            "pass_mean": seconds(row["pass_mean_s"]),
            "noise": f"{row['noise_index']:.2f}",
            "marks": row.get("marks", ""),
            "regime": row.get("regime", ""),
            "accuracy": percent(row["test_accuracy"], 1),
            "examples": f"{row['training_examples']:,}",
            "parameters": f"{row['parameters']:,}",
            "mflop": three(row["flop_per_example"] / 1e6),
        }
        for row in cells.to_dict("records")
    ]


def cell_groups(cells: pd.DataFrame) -> list[dict]:
    """One dict a machine, model and number of layers: cells, least, median and greatest latency."""
    return [
        {
            "machine": machine,
            "model": model,
            "layers": layers,
            "cells": len(rows),
            "least": seconds(rows["latency_s"].min()),
            "median": seconds(rows["latency_s"].median()),
            "greatest": seconds(rows["latency_s"].max()),
            "marked": int((rows["marks"] != "").sum()),
        }
        for (machine, model, layers), rows in cells.groupby(["machine", "model", "layers"])
    ]


def model_rows(cells: pd.DataFrame) -> list[dict]:
    """One dict a kind of model: cells, data, parameters, examples seen, test accuracy."""
    return [
        {
            "model": model,
            "cells": len(table),
            "data": "built-in (generated)" if (table["data"] == "builtin").any() else "real",
            "parameters": _span(table["parameters"], "{:,}".format),
            "examples": _span(table["training_examples"], "{:,}".format),
            "accuracy": _span(table["test_accuracy"], lambda share: percent(share, 1)),
        }
        for model, table in cells.groupby("model", sort=False)
    ]


def _span(values: pd.Series, write: Callable[[float], str]) -> str:
    low, high = write(values.min()), write(values.max())
    return low if low == high else f"{low} to {high}"
