"""Cells, groups, models, fitted tables, figures as the page shows them."""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import numpy as np
import pandas as pd

from tfscale.axes import AXES
from tfscale.study.outputs import FIGURES, TABLES, text_of
from tfscale.units import percent, seconds, three
from tfscale.words import share

MOST_ROWS = 2000
"""Of larger studies the page shows groups of cells instead of all of them."""
LEAN_FROM = 500
"""Of so many cells the page leaves out the minor columns."""
Text = Callable[[object], str]


@dataclass(frozen=True)
class Shown:
    """A table of the page: its label, each column's head with its style class, rows of texts."""

    label: str
    heads: list[tuple[str, str]]
    rows: list[tuple[str, ...]]

    @classmethod
    def of(cls, label: str, columns: Mapping[str, Iterable[str]], **classes: str) -> "Shown":
        """The table of these columns; `classes` are by head, with _ for every other character."""
        styles = [classes.get(re.sub(r"\W", "_", head), "") for head in columns]
        rows = list(zip(*columns.values(), strict=True))
        return cls(label, list(zip(columns, styles, strict=True)), rows)


def cell_table(label: str, cells: pd.DataFrame) -> Shown:
    """Everything about every cell; `marks` and `bound` are shown as they are.

    >>> cell_table("none", pd.DataFrame(columns=["cell"])).rows
    []
    """
    if cells.empty:
        return Shown(label, [], [])
    columns = {
        "cell": cells["cell"],
        "machine": cells["machine"],
        "latency": _each(cells["latency_s"], seconds),
        "half-width": _each(cells["half_width"], lambda value: f"± {percent(value, 1)}"),
        "interval": _spans(cells["latency_low_s"], cells["latency_high_s"]),
        "coverage": _each(cells["coverage"], lambda value: percent(value, 1), "range"),
        "typical": _each(cells["typical_s"], seconds),
        "noise": _each(cells["noise"], "{:.2f}".format),
        "marks": ["⚠ " + marks if marks else "" for marks in cells["marks"]],
        "processes": cells["processes"].map(str),
        "disturbed": cells["disturbed_processes"].map(str),
        "99th percentile (99 % bound)": _each(cells["p99_high_s"], lambda v: f"< {seconds(v)}"),
        "examples/s": _each(cells["throughput_per_s"], three),
        "bound": cells["bound"],
    }
    minor = {
        "identity model": _each(cells["floor_s"], seconds),
        "time of a pass": _each(cells["pass_mean_s"], seconds),
        "MFLOP an example": _each(cells["flop_per_example"] / 1e6, three),
        "parameters": cells["parameters"].map("{:,}".format),
        "test accuracy": _each(cells["test_accuracy"], lambda value: percent(value, 1)),
        "examples trained on": cells["training_examples"].map("{:,}".format),
    }
    if cells["machine"].nunique() == 1:
        del columns["machine"]
    if len(cells) <= LEAN_FROM:
        columns |= minor
    styles = {re.sub(r"\W", "_", head): "minor" for head in minor}
    styles |= {"cell": "name", "machine": "text", "marks": "text", "bound": "text"}
    return Shown.of(label, columns, **styles)


def group_table(cells: pd.DataFrame) -> Shown:
    """A row a machine, model and number of layers: cells, least, median and greatest latency."""
    groups = cells.groupby(["machine", "model", "layers"])
    latency_s = groups["latency_s"].agg(["size", "min", "median", "max"]).reset_index()
    columns = {
        "model": latency_s["model"],
        "machine": latency_s["machine"],
        "layers": latency_s["layers"].map(str),
        "cells": latency_s["size"].map(str),
        "least": _each(latency_s["min"], seconds),
        "median": _each(latency_s["median"], seconds),
        "greatest": _each(latency_s["max"], seconds),
        "cells with marks": (cells["marks"] != "").groupby(groups.ngroup()).sum().map(str),
    }
    return Shown.of("Latency by model and layers", columns, machine="text")


def model_table(cells: pd.DataFrame) -> Shown:
    """A row a kind of model: cells, data, parameters, examples seen, test accuracy."""
    groups = [rows for _, rows in cells.groupby("model", sort=False)]
    columns = {
        "model": [str(rows["model"].iloc[0]) for rows in groups],
        "cells": [str(len(rows)) for rows in groups],
        "data": [
            "built-in (generated)" if (rows["data"] == "builtin").any() else "real"
            for rows in groups
        ],
        "parameters": [_span(rows["parameters"], "{:,}".format) for rows in groups],
        "examples trained on": [_span(rows["training_examples"], "{:,}".format) for rows in groups],
        "test accuracy": [
            _span(rows["test_accuracy"], lambda value: percent(value, 1)) for rows in groups
        ],
    }
    return Shown.of("The models of this study", columns, data="text")


def _span(values: pd.Series, write: Callable[[float], str]) -> str:
    low, high = write(values.min()), write(values.max())
    return low if low == high else f"{low} to {high}"


def _spans(low: pd.Series, high: pd.Series) -> list[str]:
    return [f"{seconds(a)} to {seconds(b)}" for a, b in zip(low, high, strict=True)]


def _each(values: pd.Series, write: Callable[[float], str], missing: str = "–") -> list[str]:
    return [missing if pd.isna(value) else write(value) for value in values]


def findings_by_topic(path: str) -> dict[str, list[str]]:
    """The sentences of each topic, in their order."""
    topics = pd.read_parquet(path).groupby("topic", sort=False)["sentence"]
    return {str(topic): sentences.tolist() for topic, sentences in topics}


MOST_FITTED_ROWS = 60
HIDDEN = ("row", "called_batch", "cost_s", "standard_error_s", "cost_low_s", "cost_high_s")


@dataclass(frozen=True)
class Fitted:
    """A fitted table: its name, title, what a row is, its first rows, and how many it has."""

    name: str
    title: str
    row: str
    shown: Shown
    total: int


def fitted_tables(folder: Path) -> list[Fitted]:
    """The fitted tables that have rows."""
    return [
        Fitted(name, title, row, _first_rows(title, table), len(table))
        for name, (title, row) in TABLES.items()
        if len(table := pd.read_parquet(folder / f"{name}.parquet"))
    ]


def _first_rows(title: str, table: pd.DataFrame) -> Shown:
    """The first rows; no axis or machine that is the same in all rows, nothing empty."""
    constant = {name for name in table if name == "machine" or (name in AXES and name != "model")}
    dull = {name for name in constant if table[name].nunique(dropna=False) == 1}
    hidden = dull | set(HIDDEN) | set(table.columns[table.isna().all()])
    rows = table.head(MOST_FITTED_ROWS)
    columns = {
        name.replace("_", " "): map(_text(rows[name]), rows[name])
        for name in table
        if name not in hidden
    }
    return Shown.of(title, columns)


def _text(column: pd.Series) -> Text:
    """How a value of a column is written: by the type of the column and the unit in its name."""
    name = str(column.name).removesuffix("_low").removesuffix("_high")
    if name == "extrapolates":
        return lambda value: f"⚠ {value}" if value else "no"
    if pd.api.types.is_bool_dtype(column) or not pd.api.types.is_numeric_dtype(column):
        return lambda value: "–" if pd.isna(value) else str(value)
    if pd.api.types.is_integer_dtype(column):
        return "{:,}".format
    if name.endswith("_s") and "_per_" not in name:
        return _known(seconds)
    if name.endswith("_share"):
        return _known(share)
    if name.startswith("p_") or name.endswith("_p"):
        return _known(lambda value: "< 0.001" if value < 0.001 else f"{value:.3f}")
    return _known(three)


def _known(write: Callable[[float], str]) -> Text:
    def text(value: object) -> str:
        number = float(value)  # type: ignore[arg-type]
        return write(number) if np.isfinite(number) else ("∞" if np.isinf(number) else "–")

    return text


WIDE = 1.9
"""A figure of a larger ratio of width to height takes the whole width of the page."""
PLAIN = " !$()*+,-./:;=?@[]^_`{|}~"
"""What stands for itself in an attribute's data URI: a figure takes 7 % more than its file, by
base64 33 %."""
_VIEW = re.compile(r'viewBox="[\d.]+ [\d.]+ ([\d.]+) ([\d.]+)"')


def figure_groups(figures: list[str]) -> dict[str, list[dict]]:
    """The figures of each kind of model: id, title, source (a data URI: identifiers inside SVGs
    cannot clash that way), caption (what to look for, then what the numbers say), whether wide.

    `figures` are SVG files named model_figure.svg with model.json, what they say, beside them.
    """
    groups: dict[str, list[dict]] = {}
    for path in map(Path, figures):
        name = max((name for name in FIGURES if path.stem.endswith(f"_{name}")), key=len)
        model = path.stem.removesuffix(f"_{name}")
        said = json.loads(path.with_name(f"{model}.json").read_text(encoding="utf-8"))
        svg = path.read_text(encoding="utf-8")
        width, height = map(float, _VIEW.search(svg).groups())  # type: ignore[union-attr]
        groups.setdefault(model, []).append(
            {
                "id": path.stem,
                "source": f"data:image/svg+xml,{quote(svg, safe=PLAIN)}",
                "title": FIGURES[name],
                "caption": " ".join([text_of((f"{name}.rst",)).strip(), *said[name]["says"]]),
                "wide": width / height > WIDE,
            }
        )
    return groups
