"""Nine forms, least squares over levels, terms and intervals.

Every form but the constant has the parameter s, the log-ratio of the time at the highest level to
that at the lowest, so that all forms are searched on one scale; two forms have a second one.

A law depends on levels alone, so all cells shrink to one number a level: with y centred in its
slice, RSS(g) = rest + |root g - target|^2 for ln time g at the levels. A fit is then a search over
one or two parameters, for many responses (bootstrap tables) at once, and ten thousand cells cost
no more than ten.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import statsmodels.api as sm
from scipy.sparse import csr_array
from scipy.stats import t

TINY = 1e-12
RATIOS = (-12.0, 12.0)
EXPONENTS = (-3.0, 5.0)
BULGES = (-1.5, 1.0)


@dataclass(frozen=True)
class Form:
    """A law: `value` is its `formula` of x, intercept a, slope b and shape c. `logs` maps levels
    (L,) and parameters (G, shapes) to ln time (G, L); `terms` maps the same of one parameter row
    to a, b and c, for a scale of 1."""

    name: str
    formula: str
    value: Callable[..., np.ndarray]
    bounds: tuple[tuple[float, float], ...]
    logs: Callable[[np.ndarray, np.ndarray], np.ndarray]
    terms: Callable[[np.ndarray, np.ndarray], tuple[float, float, float]]
    scaled: tuple[bool, bool, bool] = (True, True, True)
    """Which terms are proportional to the scale."""

    @property
    def shapes(self) -> int:
        """Parameters besides the scale."""
        return len(self.bounds)


def _share(h: np.ndarray) -> np.ndarray:
    """The share of the way to the highest level; 0 where both ends are the same, as those of
    x ln x may be below 1."""
    span = h[..., -1:] - h[..., :1]
    return np.divide(h - h[..., :1], span, out=np.zeros_like(h), where=span != 0)


def _slope(rise: float, h: np.ndarray) -> float:
    """The slope that makes a rise over transformed levels; NaN where both ends are the same."""
    return float(rise / (h[-1] - h[0])) if h[-1] != h[0] else np.nan


def _additive(name: str, formula: str, transform: Callable[[np.ndarray], np.ndarray]) -> Form:
    """a + b h(x)."""

    def logs(x: np.ndarray, theta: np.ndarray) -> np.ndarray:
        return np.log(np.maximum(1 + np.expm1(theta[:, :1]) * _share(transform(x)), TINY))

    def terms(x: np.ndarray, theta: np.ndarray) -> tuple[float, float, float]:
        h = transform(x)
        slope = _slope(np.expm1(theta[0]), h)
        return float(1 - slope * h[0]), slope, np.nan

    return Form(name, formula, lambda x, a, b, c: a + b * transform(x), (RATIOS,), logs, terms)


def _multiplicative(name: str, formula: str, transform: Callable[[np.ndarray], np.ndarray]) -> Form:
    """a exp(b h(x))."""

    def logs(x: np.ndarray, theta: np.ndarray) -> np.ndarray:
        return theta[:, :1] * _share(transform(x))

    def terms(x: np.ndarray, theta: np.ndarray) -> tuple[float, float, float]:
        h = transform(x)
        slope = _slope(theta[0], h)
        return float(np.exp(-slope * h[0])), slope, np.nan

    value = lambda x, a, b, c: a * np.exp(b * transform(x))  # noqa: E731
    return Form(name, formula, value, (RATIOS,), logs, terms, (True, False, True))


def _powers(x: np.ndarray, exponents: np.ndarray) -> np.ndarray:
    """(x^p - 1) / p with x relative to the lowest level, its logarithm at p = 0."""
    logs = np.log(x / x[0])
    zero = np.abs(exponents) < TINY
    safe = np.where(zero, 1.0, exponents)
    return np.where(zero, logs, np.expm1(safe * logs) / safe)


def _offset_logs(x: np.ndarray, theta: np.ndarray) -> np.ndarray:
    share = _share(_powers(x, theta[:, 1:2]))
    return np.log(np.maximum(1 + np.expm1(theta[:, :1]) * share, TINY))


def _offset_terms(x: np.ndarray, theta: np.ndarray) -> tuple[float, float, float]:
    exponent = theta[1] if abs(theta[1]) > 1e-9 else 1e-9
    rise = x[-1] ** exponent - x[0] ** exponent
    slope = np.expm1(theta[0]) / rise
    return float(1 - slope * x[0] ** exponent), float(slope), float(exponent)


def _curve(theta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """b and c of 1 + b u + c u^2, u the share of the way to the highest level: e^s at u = 1, and
    e^t times the mean of both ends at u = 1/2."""
    top = np.exp(theta[..., 0])
    bend = 2 * (1 + top) * (1 - np.exp(theta[..., 1]))
    return top - 1 - bend, bend


def _quadratic_logs(x: np.ndarray, theta: np.ndarray) -> np.ndarray:
    rise, bend = _curve(theta)
    u = _share(x)
    return np.log(np.maximum(1 + rise[:, None] * u + bend[:, None] * u**2, TINY))


def _quadratic_terms(x: np.ndarray, theta: np.ndarray) -> tuple[float, float, float]:
    rise, bend = _curve(theta)
    span = x[-1] - x[0]
    square = bend / span**2
    slope = rise / span - 2 * square * x[0]
    return float(1 - slope * x[0] - square * x[0] ** 2), float(slope), float(square)


def _constant_logs(x: np.ndarray, theta: np.ndarray) -> np.ndarray:
    return np.zeros((len(theta), len(x)))


FORMS = {
    form.name: form
    for form in (
        Form(
            "constant",
            "a",
            lambda x, a, b, c: a + 0 * x,
            (),
            _constant_logs,
            lambda x, theta: (1.0, np.nan, np.nan),
        ),
        _additive("log", "a + b ln x", np.log),
        _additive("linear", "a + b x", lambda x: x),
        _additive("n log n", "a + b x ln x", lambda x: x * np.log(x)),
        _additive("x²", "a + b x²", np.square),
        _multiplicative("power", "a x^b", np.log),
        Form(
            "power + c",
            "a + b x^c",
            lambda x, a, b, c: a + b * x**c,
            (RATIOS, EXPONENTS),
            _offset_logs,
            _offset_terms,
            (True, True, False),
        ),
        _multiplicative("exponential", "a exp(b x)", lambda x: x),
        Form(
            "quadratic",
            "a + b x + c x²",
            lambda x, a, b, c: a + b * x + c * x**2,
            (RATIOS, BULGES),
            _quadratic_logs,
            _quadratic_terms,
        ),
    )
}
"""Every law by its name."""

LAWS = ("log", "linear", "power")
"""The laws that are drawn."""


def predicted(law: str, x: np.ndarray, fit: Mapping[str, float]) -> np.ndarray:
    """Relative time by a row of the table of laws; values at or below zero are NaN."""
    value = FORMS[law].value(x, fit["intercept"], fit["slope"], fit["shape"])
    return np.where(value > 0, value, np.nan)


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


SMALL = np.log(1.1)
"""Effects within a tenth count as none."""
STEP = 1e-5
LARGEST = 700.0
"""The greatest ln ratio that a number can hold."""


def reported(form: Form, levels: Levels, fit: Fit, confidence: float) -> dict[str, float]:
    """intercept, slope, slope_low, slope_high and shape, for time relative to its slice, and ratio,
    ratio_low and ratio_high: the time at the highest level over that at the lowest.

    The intervals are Student's t, the slope's with its error by the delta method.
    """
    intercept, slope, shape = _terms(form, levels, fit.theta)
    margin = _margin(fit, levels, confidence, _gradient(form, levels, fit.theta))
    rise = float(fit.theta[0]) if form.shapes else 0.0
    reach = _margin(fit, levels, confidence, np.eye(1, form.shapes)[0] if form.shapes else None)
    return {
        "intercept": intercept,
        "slope": slope,
        "slope_low": slope - margin,
        "slope_high": slope + margin,
        "shape": shape,
        "ratio": float(np.exp(rise)),
        "ratio_low": float(np.exp(max(rise - reach, -LARGEST))),
        "ratio_high": float(np.exp(min(rise + reach, LARGEST))),
    }


def _terms(form: Form, levels: Levels, theta: np.ndarray) -> tuple[float, float, float]:
    """The terms of the formula; the scale gives the cells a geometric mean of 1."""
    logs = form.logs(levels.x, theta[None])[0]
    scale = float(np.exp(-logs[levels.level].mean()))
    parts = zip(form.terms(levels.x, theta), form.scaled, strict=True)
    intercept, slope, shape = (term * scale if scaled else term for term, scaled in parts)
    return intercept, slope, shape


def _gradient(form: Form, levels: Levels, theta: np.ndarray) -> np.ndarray:
    """Derivatives of the slope by each parameter."""
    shifts = STEP * np.eye(len(theta))
    up = [_terms(form, levels, theta + shift)[1] for shift in shifts]
    down = [_terms(form, levels, theta - shift)[1] for shift in shifts]
    return (np.array(up) - np.array(down)) / (2 * STEP)


def _margin(fit: Fit, levels: Levels, confidence: float, gradient: np.ndarray | None) -> float:
    left = levels.cells - levels.scales - len(fit.theta)
    if left < 1 or gradient is None or not len(fit.theta):
        return float("nan")
    variance = gradient @ fit.covariance @ gradient * fit.rss / left
    return float(t.ppf((1 + confidence) / 2, left) * np.sqrt(variance))


def small(power: Fit, levels: Levels, confidence: float) -> bool:
    """Whether the time at the highest level is within a tenth of that at the lowest, by two
    one-sided tests (Schuirmann 1987) on the power law."""
    margin = _margin(power, levels, 2 * confidence - 1, np.ones(1))
    return bool(abs(power.theta[0]) + margin < SMALL)
