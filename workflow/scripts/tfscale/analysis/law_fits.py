"""Least squares of every law on ln time, each slice with a scale of its own.

A law depends on levels alone, so all cells shrink to one number a level: with y centred in its
slice, RSS(g) = rest + |root g - target|^2 for ln time g at the levels. A fit is then a search over
one or two parameters, for many responses (bootstrap tables) at once, and ten thousand cells cost
no more than ten.
"""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import statsmodels.api as sm
from scipy.sparse import csr_array

from tfscale.analysis.law_forms import Form

FIRST, LATER = (121, 41), (41, 25)
ZOOMS = 9
KEPT = 3.0
"""Grid steps on each side of the best that the next, finer grid covers."""
RANK_TOLERANCE = 1e-9
EXACT = 1e-6
"""The relative error below which times count as free of noise."""


@dataclass
class Levels:
    """The cells of one factor: `x` and `slices`, one a cell, numbers of any kind."""

    values: np.ndarray
    slices: np.ndarray
    x: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        """Counts of each level in each slice, and the root of the quadratic form."""
        self.x, self.level = np.unique(self.values, return_inverse=True)
        self.slice = pd.factorize(self.slices)[0]
        self.cells, self.scales = len(self.level), int(self.slice.max()) + 1
        self.by_level, self.by_slice = _sums(self.level), _sums(self.slice)
        self.sizes = np.bincount(self.slice)
        self.counts = np.asarray((self.by_slice @ self.by_level.T).todense())
        own = np.diag(np.bincount(self.level))
        form = own - self.counts.T @ (self.counts / self.sizes[:, None])
        values, vectors = np.linalg.eigh(form)
        kept = values > RANK_TOLERANCE * max(values.max(), 1)
        self.root = np.sqrt(values[kept])[:, None] * vectors[:, kept].T
        self.back = vectors[:, kept] / np.sqrt(values[kept])

    def centred(self, log_y: np.ndarray) -> np.ndarray:
        """ln time less its slice's mean; rows of tables."""
        means = (self.by_slice @ log_y.T).T / self.sizes
        return log_y - means[..., self.slice]

    def reduced(self, log_y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Target (..., K) and rest (...) of one or many rows of ln times (..., cells); the rest is
        the sum of squares that free level means leave."""
        y = self.centred(log_y)
        target = (self.by_level @ y.T).T @ self.back
        return target, np.maximum((y**2).sum(-1) - (target**2).sum(-1), self.cells * EXACT**2)


def _sums(numbers: np.ndarray) -> csr_array:
    """The matrix that sums cells by their number."""
    ones = np.ones(len(numbers))
    return csr_array((ones, (numbers, np.arange(len(numbers)))))


@dataclass(frozen=True)
class Fit:
    """A law's parameters at the least squares, ln time at the levels, its RSS, and the covariance
    of its parameters for an error variance of 1."""

    theta: np.ndarray
    logs: np.ndarray
    rss: float
    covariance: np.ndarray


def fit(form: Form, levels: Levels, log_y: np.ndarray) -> Fit:
    """The least squares of one table: grids that narrow round the best point."""
    target, rest = levels.reduced(log_y)
    theta = _searched(form, levels, target)
    logs = form.logs(levels.x, theta[None])[0]
    rss = float(rest + ((levels.root @ logs - target) ** 2).sum())
    return Fit(theta, logs, rss, _covariance(form, levels, theta, target))


def _searched(form: Form, levels: Levels, target: np.ndarray) -> np.ndarray:
    bounds = np.array(form.bounds).reshape(-1, 2)
    sizes, window = FIRST, bounds
    theta = np.zeros(form.shapes)
    for _ in range(ZOOMS if _told(form, levels) else 0):
        theta_grid, step = _grid(window, sizes)
        theta = theta_grid[_errors(form, levels, theta_grid, target[None])[0].argmin()]
        reach = KEPT * step[:, None] * [-1, 1]
        window, sizes = np.clip(theta[:, None] + reach, bounds[:, :1], bounds[:, 1:]), LATER
    return theta


def _told(form: Form, levels: Levels) -> bool:
    """Whether there is anything to fit, and slices that compare levels."""
    return form.shapes > 0 and len(levels.root) > 0


def _grid(window: np.ndarray, sizes: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    spans = zip(window.tolist(), sizes, strict=False)
    axes = [np.linspace(low, high, size) for (low, high), size in spans]
    steps = np.array([axis[1] - axis[0] for axis in axes])
    return np.stack([part.ravel() for part in np.meshgrid(*axes, indexing="ij")], axis=1), steps


def _errors(form: Form, levels: Levels, theta: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """|root g - target|^2 for every target (rows) and parameter row (columns)."""
    parts = form.logs(levels.x, theta) @ levels.root.T
    own, given = (parts**2).sum(1), (targets**2).sum(1)
    return np.maximum(own + given[:, None] - 2 * targets @ parts.T, 0)


def _covariance(form: Form, levels: Levels, theta: np.ndarray, target: np.ndarray) -> np.ndarray:
    """By the Gauss-Newton regression (Davidson and MacKinnon 2004, 6.5): the residuals on the
    derivatives of the law, whose normal equations give the covariance of the parameters; NaN where
    the levels do not tell the parameters apart."""
    if not _told(form, levels):
        return np.zeros((form.shapes, form.shapes))
    small = 1e-5
    shift = np.vstack([theta + small * np.eye(len(theta)), theta - small * np.eye(len(theta))])
    up, down = np.split(form.logs(levels.x, shift) @ levels.root.T, 2)
    slopes = ((up - down) / (2 * small)).T
    if np.linalg.matrix_rank(slopes) < len(theta):
        return np.full((len(theta), len(theta)), np.nan)
    return np.asarray(sm.OLS(target, slopes).fit().normalized_cov_params)


def many_errors(
    form: Form, levels: Levels, log_y: np.ndarray, near: Fit, wide: float
) -> np.ndarray:
    """RSS of a law in each of many tables (R, cells) that scatter round one whose fit is `near`
    with the relative error `wide`: a fine grid of eight standard errors on each side."""
    targets, rest = levels.reduced(log_y)
    if not form.shapes:
        return rest + (targets**2).sum(1)
    reach = np.nan_to_num(8 * wide * np.sqrt(np.diag(near.covariance)) + 0.01, nan=np.inf)
    bounds = np.array(form.bounds)
    low = np.clip(near.theta - reach, bounds[:, 0], bounds[:, 1])
    high = np.clip(near.theta + reach, bounds[:, 0], bounds[:, 1])
    sizes = (201,) if form.shapes == 1 else (61, 41)
    theta, _ = _grid(np.column_stack([low, high]), sizes)
    return rest + _errors(form, levels, theta, targets).min(1)
