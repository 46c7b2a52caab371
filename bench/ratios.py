"""The arithmetic of comparisons: turns, pairs, ratios with the sign test's interval."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import TypeVar

from tfscale.timing.protocol import median_interval

CONFIDENCE = 0.95
Pair = tuple[float, float]
Made = TypeVar("Made")


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


def alternated(count: int, a: Callable[[], Made], b: Callable[[], Made]) -> list[tuple[Made, Made]]:
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


def ratio_of_pairs(pairs: Sequence[Sequence[float]], confidence: float = CONFIDENCE) -> Ratio:
    """The median over pairs of a / b, with the sign test's interval."""
    ratios = [a / b for a, b in pairs]
    interval = median_interval(ratios, confidence)
    return Ratio(median(ratios), interval.low, interval.high, interval.coverage)


def medians(pairs: Sequence[Sequence[float]]) -> Pair:
    """The medians of both sides."""
    a, b = zip(*pairs, strict=True)
    return median(a), median(b)
