"""Cells, groups, models, fitted tables, figures as the page shows them."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import quote

import numpy as np
import pandas as pd

from tfscale.analysis.border import call_flop
from tfscale.analysis.slices import own_axes
from tfscale.axes import AXES, FAMILIES, model_axes
from tfscale.study.outputs import TABLES, caption_of, text_of
from tfscale.units import percent, scaled, seconds, three
from tfscale.words import axis_name, share

MOST_ROWS = 2000
"""Of larger studies the page shows groups of cells instead of all of them."""
NOT_TRAINED = "not trained"
"""What stands where an accuracy would, of models whose weights are the initial ones."""
Text = Callable[[object], str]


@dataclass(frozen=True)
class Shown:
    """A table of the page: its label, each column's head with its style class, rows of texts, and
    where there are some, what a row's name says on hover."""

    label: str
    heads: list[tuple[str, str]]
    rows: list[tuple[str, ...]]
    hints: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, label: str, columns: Mapping[str, Iterable[str]], **classes: str) -> "Shown":
        """The table of these columns; `classes` are by head, with _ for every other character."""
        styles = [classes.get(re.sub(r"\W", "_", head), "") for head in columns]
        rows = list(zip(*columns.values(), strict=True))
        return cls(label, list(zip(columns, styles, strict=True)), rows)


def cell_table(label: str, cells: pd.DataFrame) -> Shown:
    """What a reader asks of every cell; `short`, `marks` and `bound` are shown as they are.

    >>> cell_table("none", pd.DataFrame(columns=["cell"])).rows
    []
    """
    if cells.empty:
        return Shown(label, [], [])
    columns = {
        "cell": cells["short"],
        "machine": cells["machine"],
        "latency": _each(cells["latency_s"], seconds),
        "half-width": _each(cells["half_width"], lambda value: f"± {percent(value, 1)}"),
        "typical": _each(cells["typical_s"], seconds),
        "99th percentile (99 % bound)": _each(cells["p99_high_s"], lambda v: f"< {seconds(v)}"),
        "examples/s": _each(cells["throughput_per_s"], three),
        "FLOP a call": _each(call_flop(cells), lambda value: scaled(value, "")),
        "bound": cells["bound"],
        "test accuracy": _each(cells["test_accuracy"], lambda v: percent(v, 1), NOT_TRAINED),
        "marks": ["⚠ " + marks if marks else "" for marks in cells["marks"]],
    }
    if cells["machine"].nunique() == 1:
        del columns["machine"]
    styles = {"cell": "name", "machine": "text", "marks": "long", "bound": "text"}
    return replace(Shown.of(label, columns, **styles), hints=cells["cell"].tolist())


def group_table(cells: pd.DataFrame) -> Shown:
    """A row a machine, family and level of the family's first axis: cells, least, median and
    greatest latency."""
    rows = []
    for (machine, family), own in cells.groupby(["machine", "model"], sort=False):
        axis = [*model_axes(str(family)), "batch_size"][0]
        for level, some in own_axes(own).groupby(axis):
            latency_s = some["latency_s"]
            rows.append(
                {
                    "model": str(family),
                    "machine": str(machine),
                    "first axis": f"{axis_name(axis)} {level}",
                    "cells": str(len(some)),
                    "least": seconds(latency_s.min()),
                    "median": seconds(latency_s.median()),
                    "greatest": seconds(latency_s.max()),
                    "cells with marks": str((some["marks"] != "").sum()),
                }
            )
    columns = {head: [row[head] for row in rows] for head in rows[0]}
    label = "Latency by model and its first axis"
    return Shown.of(label, columns, machine="text", first_axis="text")


def model_table(cells: pd.DataFrame) -> Shown:
    """A row a family: what it is, cells, data, parameters, examples seen, test accuracy."""
    groups = {str(family): rows for family, rows in cells.groupby("model", sort=False)}
    columns = {
        "model": list(groups),
        "what it is": [title_of(family) for family in groups],
        "cells": [str(len(rows)) for rows in groups.values()],
        "data": [data_of(rows) for rows in groups.values()],
        "parameters": [_span(rows["parameters"], "{:,}".format) for rows in groups.values()],
        "examples trained on": [
            _span(rows["training_examples"].replace(0, np.nan), "{:,.0f}".format)
            for rows in groups.values()
        ],
        "test accuracy": [
            _span(rows["test_accuracy"], lambda value: percent(value, 1), NOT_TRAINED)
            for rows in groups.values()
        ],
    }
    return Shown.of("The models of this study", columns, data="text", what_it_is="text")


def title_of(family: str) -> str:
    """What a family's file says that it is."""
    return FAMILIES[family].title.rstrip(".")


DATA_WORDS = {"builtin": "built-in (generated)", "real": "real", "own": "the family's own"}


def data_of(cells: pd.DataFrame) -> str:
    """What the models of a family's cells were trained on."""
    if cells["test_accuracy"].isna().all():
        return "none"
    return DATA_WORDS[str(cells["data"].iloc[0])]


MOST_LAYERS = 20
"""Layers of a model that have a row of their own."""


def layer_tables(cells: pd.DataFrame, works: Mapping[str, dict]) -> list[Shown]:
    """For each family the layers of its model of the most FLOP, those with the largest share of
    FLOP or bytes first; `works` is how the work of a trained model was counted, by its name."""
    ordered = cells[cells["trained"].isin(works)].sort_values("flop_per_example", kind="stable")
    largest = ordered.drop_duplicates("model", keep="last").sort_index()
    return [
        _layers(f"{row['model']}: the layers of {row['trained']}", works[row["trained"]]["layers"])
        for row in largest.to_dict("records")
        if works[row["trained"]]["layers"]
    ]


def _layers(label: str, layers: list[dict]) -> Shown:
    table = pd.DataFrame(layers)
    shares = table[["flop", "bytes"]] / table[["flop", "bytes"]].sum().replace(0, 1)
    order = shares.max(axis=1).sort_values(ascending=False, kind="stable").index
    shown, rest = order[:MOST_LAYERS], order[MOST_LAYERS:]
    names, kinds = table["layer"][shown].tolist(), table["kind"][shown].tolist()
    parts = shares.loc[shown]
    if len(rest):
        names, kinds = [*names, f"{len(rest)} others"], [*kinds, ""]
        parts = pd.concat([parts, shares.loc[rest].sum().to_frame().T])
    columns = {
        "layer": names,
        "kind": [kind.replace("_", " ") for kind in kinds],
        "FLOP": map(share, parts["flop"]),
        "bytes": map(share, parts["bytes"]),
    }
    return Shown.of(label, columns, layer="name", kind="text")


def _span(values: pd.Series, write: Callable[[float], str], missing: str = "–") -> str:
    if values.isna().all():
        return missing
    low, high = write(values.min()), write(values.max())
    return low if low == high else f"{low} to {high}"


def _each(values: pd.Series, write: Callable[[float], str], missing: str = "–") -> list[str]:
    return [missing if pd.isna(value) else write(value) for value in values]


MOST_FITTED_ROWS = 60
HIDDEN = (
    "row",
    "called_batch",
    "cost_s",
    "standard_error_s",
    "cost_low_s",
    "cost_high_s",
)


@dataclass(frozen=True)
class Fitted:
    """A fitted table: its name, title, what a row is, what it says, its first rows, and how many it
    has."""

    name: str
    title: str
    row: str
    says: list[str]
    shown: Shown
    total: int


def fitted_tables(folder: Path, says: Mapping[str, list[str]]) -> list[Fitted]:
    """The fitted tables that have rows; `says` are sentences by table."""
    return [
        Fitted(name, title, row, says.get(name, []), _first_rows(title, table), len(table))
        for name, (title, row) in TABLES.items()
        if len(table := pd.read_parquet(folder / f"{name}.parquet"))
    ]


_LOW = re.compile(r"(.+)_low(_\w+)?")


def _first_rows(title: str, table: pd.DataFrame) -> Shown:
    """The first rows; no axis or machine that is the same in all rows, nothing empty, an interval
    behind its number."""
    constant = {name for name in table if name == "machine" or (name in AXES and name != "model")}
    dull = {name for name in constant if table[name].nunique(dropna=False) == 1}
    hidden = dull | set(HIDDEN) | set(table.columns[table.isna().all()])
    rows = table.head(MOST_FITTED_ROWS)
    texts = {name: list(map(_text(rows[name]), rows[name])) for name in table if name not in hidden}
    for found in filter(None, map(_LOW.fullmatch, list(texts))):
        (base, unit), low = found.groups(""), found.group()
        name, high = base + unit, f"{base}_high{unit}"
        if name in texts and high in texts:
            ends = zip(texts[name], texts.pop(low), texts.pop(high), strict=True)
            texts[name] = [
                value if a == b == "–" else f"{value} ({a} to {b})" for value, a, b in ends
            ]
    return Shown.of(title, {name.replace("_", " "): column for name, column in texts.items()})


def _text(column: pd.Series) -> Text:
    """How a value of a column is written: by the type of the column and the unit in its name."""
    name = str(column.name).removesuffix("_low").removesuffix("_high")
    if name == "extrapolates":
        return lambda value: f"⚠ {value}" if value else "no"
    if name in ("factor", "depends_on"):
        return lambda value: "–" if pd.isna(value) else axis_name(str(value))
    if pd.api.types.is_bool_dtype(column) or not pd.api.types.is_numeric_dtype(column):
        return lambda value: "–" if pd.isna(value) else str(value)
    if pd.api.types.is_integer_dtype(column):
        return "{:,}".format
    if name.endswith("_s") and "_per_" not in name:
        return _known(seconds)
    if name.endswith("_flop"):
        return _known(lambda value: scaled(value, "FLOP"))
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


def figure_groups(words: list[str]) -> dict[str, list[dict]]:
    """The figures of each family: id, name, title, source (a data URI: so identifiers inside SVGs
    cannot clash), caption (what to look for, then what the numbers say), whether wide.

    `words` are files model.json that say what each figure shows, beside SVG files named
    model_figure.svg.
    """
    return {path.stem: list(_figures(path)) for path in map(Path, words)}


def _figures(words: Path) -> Iterator[dict]:
    for name, figure in json.loads(words.read_text(encoding="utf-8")).items():
        path = words.with_name(f"{words.stem}_{name}.svg")
        svg = path.read_text(encoding="utf-8")
        width, height = map(float, _VIEW.search(svg).groups())  # type: ignore[union-attr]
        yield {
            "id": path.stem,
            "name": name,
            "source": f"data:image/svg+xml,{quote(svg, safe=PLAIN)}",
            "title": figure["title"],
            "caption": " ".join([text_of((caption_of(name),)).strip(), *figure["says"]]),
            "wide": width / height > WIDE,
            "filled": figure["filled"],
            "why": " ".join(figure["says"]),
        }
