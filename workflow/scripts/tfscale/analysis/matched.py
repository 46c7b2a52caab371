"""Axes without an order: their values compared between cells that differ in nothing else."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd

from tfscale.axes import AXES, CATEGORIES


@dataclass(frozen=True)
class Comparison:
    """How many times as long a call takes at `value` as at `base`: median, least and greatest
    ratio over matched pairs of cells."""

    model: str
    axis: str
    value: str | bool
    base: str | bool
    ratio: float
    low: float
    high: float
    pairs: int


def comparisons(cells: pd.DataFrame) -> Iterator[Comparison]:
    """Every value of the axes without an order against the axis's default (or, where the cells
    do not have it, the value that comes first), for each machine and model."""
    for (_, model), table in cells.groupby(["machine", "model"], sort=False):
        for axis in CATEGORIES:
            levels = table[axis].unique().tolist()
            base: Any = AXES[axis].default if AXES[axis].default in levels else levels[0]
            for value in levels:
                ratios = _ratios(table, axis, value, base)
                if value != base and len(ratios):
                    yield Comparison(
                        model, axis, value, base,
                        ratios.median(), ratios.min(), ratios.max(), len(ratios),
                    )  # fmt: skip


def _ratios(cells: pd.DataFrame, axis: str, value: str | bool, base: str | bool) -> pd.Series:
    """Latency at `value` over that at `base`, one a pair of cells with all other axes equal."""
    latency = cells.set_index([other for other in AXES if other != axis])["latency_s"]
    at = (cells[axis] == value).to_numpy(), (cells[axis] == base).to_numpy()
    return (latency[at[0]] / latency[at[1]]).dropna()
