"""Which cells are left out together when a predictor is tested on cells that it has not seen."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from tfscale.analysis.workload import architectures
from tfscale.axes import FACTORS

TESTS = ("cell", "architecture", "level", "top level")
MOST_FOLDS = 60
"""With more cells or architectures than this, several are left out together."""
MOST_LEVELS = 20
"""Of a factor with more levels, this many are left out in turn, evenly chosen with both ends."""


@dataclass(frozen=True)
class Fold:
    """Positions of the cells that are left out, and what they have in common."""

    out: np.ndarray
    what: str


def folds(cells: pd.DataFrame, test: str) -> list[Fold]:
    """The folds of a test over cells of one group; every fold leaves some cells to learn from."""
    kinds = {
        "cell": lambda: _numbered(cells.groupby("cell", sort=False).ngroup().to_numpy()),
        "architecture": lambda: _numbered(architectures(cells)),
        "level": lambda: _levels(cells, top_only=False),
        "top level": lambda: _levels(cells, top_only=True),
    }
    return [fold for fold in kinds[test]() if 0 < len(fold.out) < len(cells)]


def spread(number: np.ndarray, most: int = MOST_FOLDS) -> np.ndarray:
    """Numbers from 0 merged into at most `most`, in an order that a fixed seed shuffles."""
    count = number.max() + 1
    if count <= most:
        return number
    return (np.random.default_rng(0).permutation(count) % most)[number]


def _numbered(number: np.ndarray) -> Iterator[Fold]:
    merged = spread(number)
    order = np.argsort(merged, kind="stable")
    for out in np.split(order, np.flatnonzero(np.diff(merged[order])) + 1):
        yield Fold(out, f"fold {merged[out[0]]}")


def _levels(cells: pd.DataFrame, top_only: bool) -> Iterator[Fold]:
    for factor in FACTORS:
        values = cells["called_batch" if factor == "batch_size" else factor].to_numpy()
        levels = np.unique(values)
        chosen = np.unique(np.linspace(0, len(levels) - 1, MOST_LEVELS).round().astype(int))
        for level in levels[-1:] if top_only else levels[chosen]:
            yield Fold(np.flatnonzero(values == level), f"{factor} {level}")
