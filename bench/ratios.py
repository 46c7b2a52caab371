"""The arithmetic of comparisons: pairs, ratios with the sign test's interval, tolerances."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import log

import numpy as np

CONFIDENCE = 0.95

Pair = tuple[float, float]


@dataclass(frozen=True)
class Ratio:
    """A ratio with its interval; NaN coverage when there were too few pairs to claim one."""

    value: float
    low: float
    high: float
    coverage: float

    def __str__(self) -> str:
        claim = "range" if self.coverage != self.coverage else f"{100 * self.coverage:.1f} %"
        return f"{self.value:.3f} ({self.low:.3f} to {self.high:.3f}, {claim})"


def alternated(count: int, a: Callable[[], float], b: Callable[[], float]) -> list[Pair]:
    """The results of a and b by turns, a b b a a b …: a steady drift favours neither."""
    pairs = []
    for number in range(count):
        if number % 2:
            second = b()
            pairs.append((a(), second))
        else:
            first = a()
            pairs.append((first, b()))
    return pairs


def ratio_of_pairs(pairs: Sequence[Pair], confidence: float = CONFIDENCE) -> Ratio:
    """The median over pairs of a / b, with the sign test's interval."""
    from tfscale.timing.protocol import median_interval

    ratios = np.array([a / b for a, b in pairs])
    interval = median_interval(ratios, confidence)
    return Ratio(float(np.median(ratios)), interval.low, interval.high, interval.coverage)


def medians(pairs: Sequence[Pair]) -> Pair:
    """The medians of both sides."""
    a, b = np.median(np.array(pairs), axis=0)
    return float(a), float(b)


def tolerance(b: float, share: float, floor: float) -> float:
    """How far from b a value may lie: a share of b, or the floor where that is more."""
    return max(share * b, floor)


def agree(a: float, b: float, share: float, floor: float) -> bool:
    """Whether a lies within the tolerance of b."""
    return abs(a - b) <= tolerance(b, share, floor)


def half_width(low: float, high: float) -> float:
    """Half of an interval's log-length."""
    return log(high / low) / 2
