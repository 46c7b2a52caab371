"""Sweeps along a factor: breaks and smooth curves.

All fits are least squares on rows divided by the time that a smooth curve expects, so that errors
count in proportion to the time. The columns of all places are then fixed, and a thousand
bootstrap tables cost two matrix products.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
import pandas as pd
from scipy.stats import f as f_distribution

from tfscale.analysis.slices import (
    called,
    median_variance,
    points,
    replicates,
    slice_names,
    slice_numbers,
)

PLACES = 121
SHARES = 5
EXPONENTS = np.linspace(-1.0, 3.0, 401)
LEAST_SIDE = 2
"""Levels that each side of a place has at least."""
NOTHING_NEW = 1e-7


Breaks = tuple[list[str], np.ndarray, np.ndarray]


def candidates(x: np.ndarray, places: int = PLACES) -> Breaks:
    """Kind, bounds of the place, and column of every break that leaves two levels on each side.

    Kinds: `slope`, a hinge: what comes after the place has another cost each; `level`: after it
    every time is longer by a constant; `work`: the cost of each is another one for all of them;
    `all`: overhead and work alike are another multiple, for several shares of overhead.
    """
    return _candidates(tuple(x.tolist()), places)


@lru_cache(maxsize=64)
def _candidates(levels: tuple[float, ...], places: int) -> Breaks:
    x = np.array(levels)
    kinds, bounds, columns = [], [], []
    for place in np.geomspace(x[LEAST_SIDE - 1], x[-LEAST_SIDE], places):
        kinds.append("slope")
        bounds.append((place, place))
        columns.append(np.maximum(x - place, 0))
    overheads = np.geomspace(x[0], x[-1], SHARES)
    forms = [("level", np.ones(len(x))), ("work", x), *(("all", x + each) for each in overheads)]
    for before in range(LEAST_SIDE - 1, len(x) - LEAST_SIDE):
        after = np.arange(len(x)) > before
        for kind, form in forms:
            kinds.append(kind)
            bounds.append((x[before], x[before + 1]))
            columns.append(after * form)
    return kinds, np.array(bounds), np.column_stack(columns)


def curves(x: np.ndarray) -> np.ndarray:
    """(x^p - 1) / p for every exponent and ln x at 0 (Box and Cox 1964), columns beside a
    constant that make every a + c x^p; `x` is taken relative to its geometric mean."""
    logs = np.log(x) - np.log(x).mean()
    zero = np.abs(EXPONENTS) < NOTHING_NEW
    exponents = np.where(zero, 1.0, EXPONENTS)
    return np.where(zero, logs[:, None], np.expm1(np.outer(logs, exponents)) / exponents)


def unit_basis(columns: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """An orthonormal basis of the columns, rows times `scale`."""
    return np.linalg.qr(columns * scale[:, None])[0]


def beside(basis: np.ndarray, columns: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """The unit column of what each of `columns` (rows times `scale`) adds to the basis; 0 where
    it adds nothing. The squared product with a response is what the column explains of it."""
    weighted = columns * scale[:, None]
    weighted = weighted / np.linalg.norm(weighted, axis=0)
    new = weighted - basis @ (basis.T @ weighted)
    length = np.linalg.norm(new, axis=0)
    return np.where(length > NOTHING_NEW, new / np.maximum(length, NOTHING_NEW), 0.0)


CURVE, POWER, BREAK = 4, 3, 5
"""Parameters of each form, sigma and the place among them."""
EXACT = 1e-9
"""The relative error below which data count as free of noise."""
FINE = 1001
POOLED_P = 0.05  # below it the error about a break is more than the replicates'


@dataclass
class Sweep:
    """Times `y` at rising `x`, each with its `spread` relative to the usual one.

    `noise` is a point's usual relative error by its replicates, known to `freedom` degrees; 0
    without replicates. Rows of weighted responses `w` are times over expected times.
    """

    x: np.ndarray
    y: np.ndarray
    spread: np.ndarray
    noise: float = 0.0
    freedom: float = 0.0
    count: int = field(init=False)

    def __post_init__(self) -> None:
        """Weights from the best smooth curve, and the columns of every candidate."""
        self.count = len(self.x)
        self.kinds, self.bounds, columns = candidates(self.x)
        constant = np.ones((self.count, 1))
        expected = self.y
        for _ in range(3):
            self.scale = 1 / (expected * self.spread)
            self.one = unit_basis(constant, self.scale)
            self.curves = beside(self.one, curves(self.x), self.scale)
            self.response = self.y * self.scale
            fitted = self.fitted_curve()
            expected = np.where(fitted > 0, fitted, self.y)
        self.line = unit_basis(np.column_stack([constant, self.x]), self.scale)
        self.breaks = beside(self.line, columns, self.scale)
        self.logs = unit_basis(np.column_stack([constant, np.log(self.x)]), 1 / self.spread)

    def line_error(self, w: np.ndarray) -> np.ndarray:
        """Residual sums of squares of a + b x, one a row of `w`."""
        return self._floor((w**2).sum(-1) - ((w @ self.line) ** 2).sum(-1))

    def break_errors(self, w: np.ndarray) -> np.ndarray:
        """Those of the line with a break, one a row and candidate."""
        return self._floor(self.line_error(w)[..., None] - (w @ self.breaks) ** 2)

    def curve_error(self, w: np.ndarray) -> np.ndarray:
        """Those of the best a + c x^p."""
        left = (w**2).sum(-1) - ((w @ self.one) ** 2).sum(-1)
        return self._floor(left - ((w @ self.curves) ** 2).max(-1))

    def power_error(self, w: np.ndarray) -> np.ndarray:
        """Those of a x^p, fitted on logarithms."""
        logs = np.log(np.maximum(w, EXACT) / self.scale) / self.spread
        return self._floor((logs**2).sum(-1) - ((logs @ self.logs) ** 2).sum(-1))

    def _floor(self, error: np.ndarray) -> np.ndarray:
        return np.maximum(error, self.count * EXACT**2)

    def fitted_line(self) -> np.ndarray:
        """Times by a + b x."""
        return self.line @ (self.line.T @ self.response) / self.scale

    def fitted_curve(self) -> np.ndarray:
        """Times by the best a + c x^p."""
        scores = self.response @ self.curves
        best = int(np.argmax(scores**2))
        level = self.one @ (self.one.T @ self.response)
        return (level + self.curves[:, best] * scores[best]) / self.scale

    def gains(self, w: np.ndarray, noise: float | np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """What the best break gains over the line (sup-F) and over the best curve, in units of the
        error variance: the break's own, or `noise`^2 from the replicates where that is more."""
        best = self.break_errors(w).min(-1)
        variance = np.maximum(best / (self.count - 4), np.square(noise))
        return (self.line_error(w) - best) / variance, (self.curve_error(w) - best) / variance

    def error(self) -> float:
        """Relative standard deviation about the best break, or by the replicates where more."""
        left = float(self.break_errors(self.response).min()) / (self.count - BREAK)
        return max(float(np.sqrt(left)), self.noise)

    def noise_level(self) -> float:
        """The same about the better of break and smooth curve."""
        left = self.break_errors(self.response).min() / (self.count - BREAK)
        smooth = self.curve_error(self.response) / (self.count - CURVE + 1)
        return max(float(np.sqrt(min(left, smooth))), self.noise)

    def advantage(self, w: np.ndarray) -> np.ndarray:
        """By how much the best break beats a x^p and a + c x^p in BIC (Schwarz 1978)."""
        n = self.count
        broken = n * np.log(self.break_errors(w).min(-1)) + BREAK * np.log(n)
        power = n * np.log(self.power_error(w)) + POWER * np.log(n)
        curve = n * np.log(self.curve_error(w)) + CURVE * np.log(n)
        return np.minimum(power, curve) - broken


def null_gains(
    sweep: Sweep, tables: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Both gains in `tables` drawn from the best line and from the best curve (a parametric
    bootstrap with normal relative errors): what they are when there is no break."""
    errors = sweep.error() * rng.standard_normal((2, tables, sweep.count))
    noise: float | np.ndarray = sweep.noise
    if sweep.noise:
        noise = sweep.noise * np.sqrt(rng.chisquare(sweep.freedom, tables) / sweep.freedom)
    line, _ = sweep.gains(sweep.fitted_line() * sweep.scale + errors[0], noise)
    _, curve = sweep.gains(sweep.fitted_curve() * sweep.scale + errors[1], noise)
    return line, curve


def place_interval(sweep: Sweep, confidence: float) -> tuple[float, float]:
    """All places whose error is not worse than the best one's by the F test (F inversion).

    A break between two levels can lie anywhere between them.
    """
    _, bounds, columns = candidates(sweep.x, FINE)
    scores = sweep.response @ beside(sweep.line, columns, sweep.scale)
    errors = sweep.line_error(sweep.response) - scores**2
    variance, freedom = _pooled_variance(sweep, float(errors.min()))
    quantile = f_distribution.ppf(confidence, 1, freedom)
    accepted = bounds[errors <= errors.min() + variance * quantile]
    return float(accepted[:, 0].min()), float(accepted[:, 1].max())


def _pooled_variance(sweep: Sweep, least: float) -> tuple[float, float]:
    """The error variance about the best break and its degrees of freedom: pooled with the
    replicates' (Draper and Smith 1998, 2.1) where the two do not differ by an F test."""
    left = sweep.count - 4
    own, known = max(least / left, EXACT**2), sweep.noise**2
    if not known or f_distribution.sf(own / known, left, sweep.freedom) < POOLED_P:
        return own, left
    freedom = left + sweep.freedom
    return (left * own + sweep.freedom * known) / freedom, freedom


WIDE = 2.0
"""An interval so many times as wide as the slice's usual one makes its point count less."""


def sweep_rows(
    cells: pd.DataFrame, processes: pd.DataFrame | None, factor: str
) -> Iterator[tuple[str, pd.DataFrame]]:
    """The name of every slice in which `factor` varies, and its cells with the columns of
    `replicates` and x: examples a call along batch_size, FLOP of a call along all others (calls
    without any are left out)."""
    known = cells.assign(**dict(replicates(cells, processes).items()))
    known["x"] = called(cells, "batch_size")
    if factor != "batch_size":
        known["x"] *= known["flop_per_example"]
    number, names = slice_numbers(cells, factor), slice_names(cells, factor)
    known = known[known["x"] > 0]
    for _, rows in known.groupby(number, sort=False):
        if rows[factor].nunique() > 1:
            yield names[rows.index[0]], rows


def sweep_of(rows: pd.DataFrame) -> Sweep:
    """The sweep of a slice's cells (see `sweep_rows`; with half_width where it is known); cells of
    one x are replicates and make one point."""
    table = points(rows, ["x"])
    spread = pd.Series(1.0, index=table.index)
    if "half_width" in rows:
        width = rows.groupby("x")["half_width"].mean() / rows["half_width"].median()
        spread = width.where(np.isfinite(width) & (width > WIDE), 1.0)
    freedom, noise = float(table["df"].sum()), 0.0
    if freedom:
        variance = median_variance(rows) * table["ss"].sum() / freedom
        noise = float(np.sqrt(variance / table["processes"].median()))
    x, times = table.index.to_numpy(dtype=float), np.exp(table["log_s"].to_numpy())
    return Sweep(x, times, spread.to_numpy(), noise, freedom)
