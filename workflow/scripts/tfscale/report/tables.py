"""Cells, groups, models, fitted tables, figures as the page shows them."""

import json
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from urllib.parse import quote

import numpy as np
import pandas as pd

from tfscale.axes import AXES
from tfscale.study.outputs import TABLES
from tfscale.units import percent, seconds, three
from tfscale.words import share

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


MOST_FITTED_ROWS = 60
HIDDEN = ("row", "called_batch", "cost_s", "standard_error_s", "cost_low_s", "cost_high_s")


def findings_by_topic(path: str) -> dict[str, list[str]]:
    """The sentences of each topic, in their order."""
    table = pd.read_parquet(path)
    return {
        str(topic): group["sentence"].tolist()
        for topic, group in table.groupby("topic", sort=False)
    }


def fit_sections(folder: str) -> list[dict]:
    """One dict a fitted table that has rows: name, title, what a row is, columns, rows (texts), and
    total, the number of rows; of longer tables only the first 60 are shown."""
    sections = []
    for name, (title, what) in TABLES.items():
        table = pd.read_parquet(Path(folder, f"{name}.parquet"))
        if table.empty:
            continue
        shown = table.head(MOST_FITTED_ROWS)[_telling(table)]
        texts = [[_text(shown[column])(value) for value in shown[column]] for column in shown]
        sections.append(
            {
                "name": name,
                "title": title,
                "what": what,
                "columns": [column.replace("_", " ") for column in shown],
                "rows": list(zip(*texts, strict=True)),
                "total": len(table),
            }
        )
    return sections


def _telling(table: pd.DataFrame) -> list[str]:
    """The columns to show: no axis or machine that is the same in all rows, nothing empty."""
    constant = [name for name in ("machine", *AXES) if name in table and name != "model"]
    dull = {name for name in constant if table[name].nunique(dropna=False) == 1}
    empty = set(table.columns[table.isna().all()])
    return [name for name in table if name not in dull | empty | set(HIDDEN)]


def _text(column: pd.Series) -> Callable[[object], str]:
    """How a value of a column is written: by the type of the column and the unit in its name."""
    name = str(column.name).removesuffix("_low").removesuffix("_high")
    if name == "extrapolates":
        return _extrapolates
    if pd.api.types.is_bool_dtype(column) or not pd.api.types.is_numeric_dtype(column):
        return _plain
    if pd.api.types.is_integer_dtype(column):
        return "{:,}".format
    if name.endswith("_s") and "_per_" not in name:
        return _known(seconds)
    if name.endswith("_share"):
        return _known(share)
    if name.startswith("p_") or name.endswith("_p"):
        return _known(lambda value: "< 0.001" if value < 0.001 else f"{value:.3f}")
    return _known(three)


def _known(write: Callable[[float], str]) -> Callable[[object], str]:
    def text(value: object) -> str:
        number = float(value)  # type: ignore[arg-type]
        return write(number) if np.isfinite(number) else ("∞" if np.isinf(number) else "–")

    return text


def _extrapolates(value: object) -> str:
    return f"⚠ {value}" if value else "no"


def _plain(value: object) -> str:
    return "–" if value is None or value != value else str(value)


WIDE = 1.9
"""A figure of a larger ratio of width to height takes the whole width of the page."""
PLAIN = " !$()*+,-./:;=?@[]^_`{|}~"
"""What stands for itself in an attribute's data URI: a figure takes 7 % more than its file, by
base64 33 %."""
_VIEW = re.compile(r'viewBox="[\d.]+ [\d.]+ ([\d.]+) ([\d.]+)"')


def figure_groups(figures: list[str], captions: list[str]) -> list[dict]:
    """One dict a kind of model (`whole study` where a figure has none): its figures with id,
    title, source (a data URI: identifiers inside SVGs cannot clash that way), caption (what to look
    for, then what the numbers say) and whether wide.

    `figures` are SVG files named model_figure.svg with model.json, what they say, beside them;
    `captions` are text files named figure.rst.
    """
    words = {Path(path).stem: Path(path).read_text(encoding="utf-8").strip() for path in captions}
    groups: dict[str, list[dict]] = {}
    for path in figures:
        kind, name = _parts(Path(path).stem, words)
        own = _words(Path(path).with_name(f"{kind}.json")).get(name, {})
        plain = name.replace("_", " ")
        text = Path(path).read_text(encoding="utf-8")
        groups.setdefault(kind, []).append(
            {
                "id": Path(path).stem,
                "source": f"data:image/svg+xml,{quote(text, safe=PLAIN)}",
                "title": own.get("title", plain),
                "caption": " ".join([words.get(name, plain), *own.get("says", [])]),
                "wide": _ratio(text) > WIDE,
            }
        )
    return [{"kind": kind, "figures": found} for kind, found in groups.items()]


@cache
def _words(path: Path) -> dict[str, dict]:
    """What the plot job said of each figure of a model (`figures.draw_all`); nothing without."""
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def _parts(stem: str, words: dict[str, str]) -> tuple[str, str]:
    """The kind of model and the name of the figure, which may itself have underscores."""
    for name in sorted(words, key=len, reverse=True):
        if stem == name:
            return "whole study", name
        if stem.endswith(f"_{name}"):
            return stem.removesuffix(f"_{name}"), name
    kind, _, name = stem.partition("_")
    return kind, name or kind


def _ratio(svg: str) -> float:
    found = _VIEW.search(svg)
    return float(found[1]) / float(found[2]) if found else 1.0
