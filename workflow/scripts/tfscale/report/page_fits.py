"""The fitted tables and the findings as the report shows them: numbers with units, for people."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from tfscale.axes import AXES
from tfscale.phrases import share
from tfscale.study.fit_tables import TABLES
from tfscale.units import seconds, three

MOST_ROWS = 60
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
        shown = table.head(MOST_ROWS)[_telling(table)]
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
