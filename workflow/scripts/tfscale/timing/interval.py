"""The interval of a median that assumes nothing of the distribution: the sign test's."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil, comb, isnan, log, log2, nan


@dataclass(frozen=True)
class Interval:
    """Bounds and their exact coverage; NaN coverage where no interval can be claimed."""

    low: float
    high: float
    coverage: float

    @property
    def claimed(self) -> bool:
        """Whether there were values enough for an interval; else the bounds are their range."""
        return not isnan(self.coverage)

    @property
    def half_width(self) -> float:
        """Half of the log-length: 0.05 is about plus or minus 5 %. Of a mere range, too."""
        return log(self.high / self.low) / 2


def fewest_for_interval(confidence: float) -> int:
    """The fewest values whose range covers the median often enough: 1 - 2 / 2^V >= confidence."""
    return ceil(1 - log2(1 - confidence))


def median_interval(values: Iterable[float], confidence: float) -> Interval:
    """Order statistics k and V - k + 1 of V positive values, k the largest that covers enough.

    Coverage is 1 - 2 sum_{i<k} C(V, i) / 2^V (David and Nagaraja, Order Statistics, 7.1). With
    too few values the bounds are the range and the coverage is NaN.
    """
    ordered = sorted(float(value) for value in values)
    rank, tail = _rank(len(ordered), confidence)
    if rank == 0:
        return Interval(ordered[0], ordered[-1], nan)
    return Interval(ordered[rank - 1], ordered[-rank], 1 - 2 * tail / 2 ** len(ordered))


def could_narrow(count: int, more: int, confidence: float) -> bool:
    """Whether the interval of `count` values may be narrower with up to `more` of them: while k
    stays as it is, a further value can only widen it."""
    return _rank(count + more, confidence)[0] > _rank(count, confidence)[0]


def _rank(count: int, confidence: float) -> tuple[int, int]:
    """k, 0 where there is none, and the sum of C(V, i) over i < k."""
    tail, rank = 0, 0
    while 2 * (tail + comb(count, rank)) <= (1 - confidence) * 2**count and 2 * rank + 2 <= count:
        tail += comb(count, rank)
        rank += 1
    return rank, tail
