"""The nine forms of a law, as the logarithm of time at each level up to a scale.

Every form but the constant has the parameter s, the log-ratio of the time at the highest level to
that at the lowest, so that all forms are searched on one scale; two forms have a second one.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

TINY = 1e-12
RATIOS = (-12.0, 12.0)
EXPONENTS = (-3.0, 5.0)
BULGES = (-1.5, 1.0)


@dataclass(frozen=True)
class Form:
    """A law. `logs` maps levels (L,) and parameters (G, shapes) to ln time (G, L); `terms` maps
    the same of one parameter row to intercept, slope and shape of `formula`, for a scale of 1."""

    name: str
    formula: str
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
    return (h - h[..., :1]) / (h[..., -1:] - h[..., :1])


def _additive(name: str, formula: str, transform: Callable[[np.ndarray], np.ndarray]) -> Form:
    """a + b h(x)."""

    def logs(x: np.ndarray, theta: np.ndarray) -> np.ndarray:
        return np.log(np.maximum(1 + np.expm1(theta[:, :1]) * _share(transform(x)), TINY))

    def terms(x: np.ndarray, theta: np.ndarray) -> tuple[float, float, float]:
        h = transform(x)
        slope = np.expm1(theta[0]) / (h[-1] - h[0])
        return float(1 - slope * h[0]), float(slope), np.nan

    return Form(name, formula, (RATIOS,), logs, terms)


def _multiplicative(name: str, formula: str, transform: Callable[[np.ndarray], np.ndarray]) -> Form:
    """a exp(b h(x))."""

    def logs(x: np.ndarray, theta: np.ndarray) -> np.ndarray:
        return theta[:, :1] * _share(transform(x))

    def terms(x: np.ndarray, theta: np.ndarray) -> tuple[float, float, float]:
        h = transform(x)
        slope = theta[0] / (h[-1] - h[0])
        return float(np.exp(-slope * h[0])), float(slope), np.nan

    return Form(name, formula, (RATIOS,), logs, terms, (True, False, True))


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
        Form("constant", "a", (), _constant_logs, lambda x, theta: (1.0, np.nan, np.nan)),
        _additive("log", "a + b ln x", np.log),
        _additive("linear", "a + b x", lambda x: x),
        _additive("n log n", "a + b x ln x", lambda x: x * np.log(x)),
        _additive("x²", "a + b x²", np.square),
        _multiplicative("power", "a x^b", np.log),
        Form("power + c", "a + b x^c", (RATIOS, EXPONENTS), _offset_logs, _offset_terms,
             (True, True, False)),
        _multiplicative("exponential", "a exp(b x)", lambda x: x),
        Form("quadratic", "a + b x + c x²", (RATIOS, BULGES), _quadratic_logs, _quadratic_terms),
    )
}  # fmt: skip
"""Every law by its name."""

LAWS = ("log", "linear", "power")
"""The laws that are drawn."""


def predicted(law: str, x: np.ndarray, fit: Mapping[str, float]) -> np.ndarray:
    """Relative time by a row of the table of laws; values at or below zero are NaN."""
    a, b, c = fit["intercept"], fit["slope"], fit["shape"]
    value = {
        "constant": lambda: np.full(len(x), a),
        "log": lambda: a + b * np.log(x),
        "linear": lambda: a + b * x,
        "n log n": lambda: a + b * x * np.log(x),
        "x²": lambda: a + b * x**2,
        "power": lambda: a * x**b,
        "power + c": lambda: a + b * x**c,
        "exponential": lambda: a * np.exp(b * x),
        "quadratic": lambda: a + b * x + c * x**2,
    }[law]()
    return np.where(value > 0, value, np.nan)
