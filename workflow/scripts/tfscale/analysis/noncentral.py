"""How far a noncentral F lies from the central one: the interval behind shares and misses."""

import numpy as np
from scipy.optimize import brentq
from scipy.stats import ncf


def noncentrality_interval(
    f_value: float, freedom: tuple[float, float], alpha: float
) -> tuple[float, float]:
    """Bounds of the noncentrality of an F statistic by inversion of its distribution (Steiger
    2004); 0 where none reaches.

    statsmodels' `confint_noncentrality` uses scipy's ncfdtrinc, which stops at 10,000.
    """
    bounds = [_inverted(f_value, freedom, share) for share in (1 - alpha / 2, alpha / 2)]
    return bounds[0], bounds[1]


def _inverted(f_value: float, freedom: tuple[float, float], share: float) -> float:
    """The noncentrality at which a smaller F has this probability."""

    def excess(log_nc: float) -> float:
        return float(np.nan_to_num(ncf.cdf(f_value, *freedom, np.exp(log_nc)))) - share

    low = -20.0
    if not np.isfinite(f_value) or excess(low) <= 0:
        return 0.0
    high = np.log(max(f_value * freedom[0], 1.0))
    while excess(high) > 0:
        high += 1
    return float(np.exp(brentq(excess, low, high, xtol=1e-10)))
