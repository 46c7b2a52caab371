"""Prediction intervals for cells that were not run: CV+ over architectures.

Barber, Candès, Ramdas and Tibshirani (2021), Predictive inference with the jackknife+, Annals of
Statistics 49(1), section 3. Residuals are those of ln t, so that intervals are never negative.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from tfscale.analysis.folds import spread
from tfscale.analysis.predictors import Fit, Predict
from tfscale.analysis.workload import architectures

FOLDS = 20
FEWEST_FOLDS = 3
SMALLEST_S = 1e-12


@dataclass(frozen=True)
class CrossValidated:
    """A predictor fitted to all cells, and once without each fold of architectures."""

    whole: Predict
    without: list[Predict]
    fold: np.ndarray
    residuals: np.ndarray

    def predict(self, cells: pd.DataFrame) -> np.ndarray:
        """Latency in seconds by the fit to all cells."""
        return self.whole(cells)

    def interval(self, cells: pd.DataFrame, coverage: float) -> tuple[np.ndarray, np.ndarray]:
        """Bounds in seconds of a call of each cell; infinite when there are too few residuals."""
        logs = np.array([_log(predict(cells)) for predict in self.without])[self.fold]
        low = np.sort(logs - self.residuals[:, None], axis=0)
        high = np.sort(logs + self.residuals[:, None], axis=0)
        count = len(self.residuals)
        tail = int(np.floor((1 - coverage) * (count + 1) + 1e-9))
        if tail < 1:
            return np.zeros(len(cells)), np.full(len(cells), np.inf)
        return np.exp(low[tail - 1]), np.exp(high[count - tail])


def cross_validated(cells: pd.DataFrame, fit: Fit) -> CrossValidated | None:
    """Fit to all cells of a group and without each architecture (at most 20 parts of them).

    None with fewer than three architectures: there is nothing to tell an interval from.
    """
    fold = spread(architectures(cells), FOLDS)
    if fold.max() + 1 < FEWEST_FOLDS:
        return None
    without, residuals = [], np.empty(len(cells))
    for number in range(fold.max() + 1):
        out = fold == number
        without.append(fit(cells[~out].reset_index(drop=True)))
        measured = cells.loc[out, "latency_s"].to_numpy(float)
        residuals[out] = np.abs(np.log(measured) - _log(without[-1](cells[out])))
    return CrossValidated(fit(cells), without, fold, residuals)


def covered(cells: pd.DataFrame, fit: Fit, coverage: float) -> np.ndarray:
    """Whether each cell's latency lies in the interval made without its architecture.

    Empty with fewer than four architectures, or too few cells for a bounded interval.
    """
    fold = spread(architectures(cells), FOLDS)
    inside = np.zeros(len(cells), dtype=bool)
    for number in range(fold.max() + 1):
        out = fold == number
        made = cross_validated(cells[~out].reset_index(drop=True), fit) if (~out).any() else None
        if made is None:
            return np.empty(0, dtype=bool)
        low, high = made.interval(cells[out], coverage)
        if np.isinf(high).any():
            return np.empty(0, dtype=bool)
        measured = cells.loc[out, "latency_s"].to_numpy(float)
        inside[out] = (low <= measured) & (measured <= high)
    return inside


def _log(seconds: np.ndarray) -> np.ndarray:
    return np.log(np.maximum(seconds, SMALLEST_S))
