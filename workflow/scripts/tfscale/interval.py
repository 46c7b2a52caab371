"""The interval of a median that assumes nothing of the distribution: the sign test's."""

from dataclasses import dataclass

import numpy as np
from scipy.stats import binom


@dataclass(frozen=True)
class Interval:
    """Bounds and their exact coverage; NaN coverage where no interval can be claimed."""

    low: float
    high: float
    coverage: float


def median_interval(values: np.ndarray, confidence: float) -> Interval:
    """Order statistics k and V - k + 1 of V values, k the largest whose coverage suffices.

    Coverage is 1 - 2 sum_{i<k} C(V, i) / 2^V (David and Nagaraja, Order Statistics, 7.1). With
    too few values the bounds are the range and the coverage is NaN.
    """
    ordered = np.sort(values)
    count = len(ordered)
    k = int(binom.ppf((1 - confidence) / 2, count, 0.5))
    if k and 2 * binom.cdf(k - 1, count, 0.5) > 1 - confidence:
        k -= 1
    if k < 1:
        return Interval(float(ordered[0]), float(ordered[-1]), float("nan"))
    coverage = 1 - 2 * float(binom.cdf(k - 1, count, 0.5))
    return Interval(float(ordered[k - 1]), float(ordered[-k]), coverage)
