"""Ways to predict the time of a cell from other cells; each is `fit(cells) -> predict(cells)`."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import statsmodels.api as sm
from scipy.sparse import csr_array, hstack
from scipy.sparse.linalg import lsqr

from tfscale.analysis.work_model import fit_work

Predict = Callable[[pd.DataFrame], np.ndarray]
Fit = Callable[[pd.DataFrame], Predict]
SHAPES = ["called_batch", "layers", "conv_size", "input_size"]
"""The factors that vary within cells that are fitted together."""
SMALLEST_SHARE = 1e-3
TOLERANCE = 1e-9


def work_model(cells: pd.DataFrame) -> Predict:
    """The work model: a sum of costs of the work that a call does."""
    return fit_work(cells).predict


def constant(cells: pd.DataFrame) -> Predict:
    """The geometric mean, whatever the cell."""
    mean_s = float(np.exp(np.log(cells["latency_s"]).mean()))
    return lambda others: np.full(len(others), mean_s)


def log_log(cells: pd.DataFrame) -> Predict:
    """A power law in every factor: ln t = a + sum of b ln x, by ordinary least squares."""
    factors = _varying(cells)
    fitted = sm.OLS(np.log(cells["latency_s"].to_numpy(float)), _logs(cells, factors)).fit()
    return lambda others: np.exp(_logs(others, factors) @ fitted.params)


def law_per_factor(cells: pd.DataFrame) -> Predict:
    """A product of laws: the effect of each factor's levels, each smoothed by its best law.

    The effects come from ln t = a + sum of level effects (sparse least squares); a factor's law
    is the one of log, linear and power that leaves the least squares of ln t over its levels.
    """
    factors = _varying(cells)
    log_s = np.log(cells["latency_s"].to_numpy(float))
    levels = {factor: np.sort(cells[factor].unique()) for factor in factors}
    dummies = [
        csr_array(cells[factor].to_numpy()[:, None] == levels[factor][1:]) for factor in factors
    ]
    x = hstack([csr_array(np.ones((len(cells), 1))), *dummies], format="csr", dtype=float)
    effects = iter(lsqr(x, log_s, atol=TOLERANCE, btol=TOLERANCE)[0][1:])
    laws = {
        factor: _law(levels[factor], np.array([0.0, *(next(effects) for _ in levels[factor][1:])]))
        for factor in factors
    }

    def smooth(others: pd.DataFrame) -> np.ndarray:
        parts = [law(others[factor].to_numpy(float)) for factor, law in laws.items()]
        return np.sum(parts, axis=0) if parts else np.zeros(len(others))

    scale = np.mean(log_s - smooth(cells))
    return lambda others: np.exp(scale + smooth(others))


def _law(levels: np.ndarray, effects: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """Log of the best law of a factor through the effects of its levels."""
    x, relative = levels.astype(float), np.exp(effects)
    slope, intercept = np.polyfit(np.log(x), effects, 1)
    laws: list[Callable[[np.ndarray], np.ndarray]] = [lambda at: intercept + slope * np.log(at)]
    laws += [_straight(x, relative, bend) for bend in (np.log, np.asarray)]
    return min(laws, key=lambda law: float(((law(x) - effects) ** 2).sum()))


def _straight(x: np.ndarray, relative: np.ndarray, bend: Callable) -> Callable:
    """Log of the line through relative time over bent levels, for errors in proportion to it."""
    slope, intercept = np.polyfit(bend(x), relative, 1, w=1 / relative)
    least = SMALLEST_SHARE * relative.min()
    return lambda at: np.log(np.maximum(intercept + slope * bend(at), least))


def _varying(cells: pd.DataFrame) -> list[str]:
    return [factor for factor in SHAPES if np.ptp(cells[factor].to_numpy()) > 0]


def _logs(cells: pd.DataFrame, factors: list[str]) -> np.ndarray:
    return np.column_stack(
        [np.ones(len(cells)), *(np.log(cells[f].to_numpy(float)) for f in factors)]
    )


PREDICTORS: dict[str, Fit] = {
    "work model": work_model,
    "law per factor": law_per_factor,
    "log-log regression": log_log,
    "constant": constant,
}
"""The predictors that are compared, the best founded first."""
