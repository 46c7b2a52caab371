"""Effects, intervals and p-values in words."""

from collections.abc import Callable
from math import isfinite

from tfscale.units import percent, three


def p_words(p_value: float) -> str:
    """`p = 0.012`, `p < 0.001`, or that there is none."""
    if not isfinite(p_value):
        return "p unknown"
    return "p < 0.001" if p_value < 0.001 else f"p = {p_value:.2g}"


def counted(count: int, noun: str) -> str:
    """A count with its noun: `1 cell`, `1,200 cells`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def have(count: int) -> str:
    """A count of cells and the verb that follows: `1 cell has`, `2 cells have`."""
    return f"{counted(count, 'cell')} {'has' if count == 1 else 'have'}"


def share(value: float) -> str:
    """A share between 0 and 1 in per cent."""
    return percent(value, 0 if value >= 0.1 or value == 0 else 1)


def spanned(count: int, low: float, high: float) -> str:
    """What a median is the median of, in brackets: `(median of 4, 1.1 to 1.9)`."""
    return f"(median of {count}, {three(low)} to {three(high)})" if count > 1 else "(one pair)"


def between(low: float, high: float, write: Callable[[float], str] = three) -> str:
    """An interval's bounds in brackets, or that there is none."""
    if not (isfinite(low) and isfinite(high)):
        return "(no interval)"
    return f"({write(low)} to {write(high)})"


def times(ratio: float, low: float, high: float) -> str:
    """A ratio with its interval: `1.08 times (1.02 to 1.14)`."""
    if not isfinite(ratio):
        return "not testable"
    return f"{three(ratio)} times {between(low, high)}"
