"""The work model: time as a sum of non-negative costs of the work that a call does."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.optimize import lsq_linear, nnls

from tfscale.analysis.replicates import Replicates
from tfscale.analysis.workload import TERMS, architectures, design

ALIASED = 1 - 1e-9
FEWEST_ARCHITECTURES = 3
TOO_FEW = "at least 3 architectures, and more kinds of call than the model has terms, are needed"
DRAWS = 300


@dataclass(frozen=True)
class WorkModel:
    """Seconds a unit of each term (see `workload.TERMS`), and for a term that the cells cannot
    tell from an earlier one, that one's name."""

    costs: np.ndarray
    alias: dict[str, str]

    def predict(self, cells: pd.DataFrame) -> np.ndarray:
        """Latency in seconds of each cell, never negative."""
        return design(cells) @ self.costs

    @property
    def active(self) -> np.ndarray:
        """Which terms have a cost above 0."""
        return self.costs > 0


def fit_work(cells: pd.DataFrame) -> WorkModel:
    """The costs that minimise the squared relative error over cells of one group.

    Non-negative least squares of 1 on x / t (Lawson and Hanson 1974, chapter 23). A term that is
    proportional to an earlier one in these cells is left to that one.
    """
    x, latency_s = design(cells), cells["latency_s"].to_numpy(float)
    told, alias = told_apart(x / latency_s[:, None])
    return WorkModel(solve(x, latency_s, told), alias)


def told_apart(rows: np.ndarray) -> tuple[np.ndarray, dict[str, str]]:
    """Which columns are neither zero nor proportional to an earlier one; partners of the rest."""
    length = np.linalg.norm(rows, axis=0)
    unit = rows / np.where(length > 0, length, 1)
    alike = unit.T @ unit > ALIASED
    names = list(TERMS)
    told = length > 0
    alias = {}
    for later in np.flatnonzero(told):
        earlier = np.flatnonzero(alike[later, :later] & told[:later])
        if len(earlier):
            told[later] = False
            alias[names[later]] = names[earlier[0]]
    return told, alias


def solve(x: np.ndarray, latency_s: np.ndarray, told: np.ndarray) -> np.ndarray:
    """Non-negative costs, by the triangle of a QR factorisation so that many rows cost little."""
    rows = x[:, told] / latency_s[:, None]
    length = np.linalg.norm(rows, axis=0)
    length[length == 0] = 1
    stacked = np.column_stack([rows / length, np.ones(len(rows))])
    triangle = np.asarray(np.linalg.qr(stacked, mode="r"))
    a, b = triangle[:, :-1], triangle[:, -1]
    try:
        found = nnls(a, b)[0]
    except RuntimeError:  # it may run out of iterations on columns that are nearly alike
        found = lsq_linear(a, b, bounds=(0, np.inf)).x
    costs = np.zeros(x.shape[1])
    costs[told] = found / length
    return costs


def bootstrap(
    cells: pd.DataFrame, replicates: Replicates, rng: np.random.Generator, draws: int = DRAWS
) -> np.ndarray:
    """Costs (draws, terms) of resampled studies; empty where the cells are too few (`TOO_FEW`):
    a model that can pass through every cell has no residual that an interval could come from.

    Architectures are drawn with replacement, for the model misses all cells of one together;
    each of their cells gets the median of as many of its visits, drawn likewise (Davison and
    Hinkley 1997, 3.8).
    """
    number = architectures(cells)
    count = number.max() + 1
    x = design(cells)
    told, _ = told_apart(x / cells["latency_s"].to_numpy(float)[:, None])
    if count < FEWEST_ARCHITECTURES or len(np.unique(x, axis=0)) <= told.sum():
        return np.empty((0, len(TERMS)))
    members = [np.flatnonzero(number == one) for one in range(count)]
    found = []
    for _ in range(draws):
        rows = np.concatenate([members[one] for one in rng.integers(0, count, count)])
        latency_s = replicates.draw(rng)
        found.append(solve(x[rows], latency_s[rows], told))
    return np.array(found)
