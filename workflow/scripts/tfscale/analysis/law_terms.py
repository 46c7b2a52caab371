"""The numbers of a fitted law as its formula has them, and whether its effect is small."""

import numpy as np
from scipy.stats import t

from tfscale.analysis.law_fits import Fit, Levels
from tfscale.analysis.law_forms import Form

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
