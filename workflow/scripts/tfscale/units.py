"""Numbers and durations as people read them.

>>> seconds(0.00312), percent(0.354), duration(6000)
('3.12 ms', '35 %', '1 h 40 min')
"""

from datetime import datetime, timedelta


def seconds(value: float) -> str:
    """A duration to three digits in the unit that fits."""
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if value >= size:
            return f"{three(value / size)} {unit}"
    return f"{three(value / 1e-6)} µs"


def three(value: float) -> str:
    """A number to three digits, without a power of ten when it is large: 0.0123, 4.6, 133,000."""
    rounded = float(f"{value:.3g}")
    return f"{rounded:,.0f}" if 100 <= abs(rounded) < 1e15 else f"{rounded:.3g}"


PREFIXES = (("T", 1e12), ("G", 1e9), ("M", 1e6), ("k", 1e3), ("", 1.0), ("m", 1e-3), ("µ", 1e-6))


def scaled(value: float, unit: str) -> str:
    """An amount with the prefix of its unit, none below 1,000.

    >>> scaled(1.21e12, "FLOP"), scaled(0, "FLOP")
    ('1.21 TFLOP', '0 FLOP')
    """
    prefix, size = next((one for one in PREFIXES if value >= one[1] >= 1), ("", 1.0))
    return f"{three(value / size)} {prefix}{unit}"


def bracketed(value: float, low: float, high: float, unit: str) -> str:
    """An amount and its interval in one unit.

    >>> bracketed(0.000213, 0.0002, 0.00023, "s"), bracketed(1.2e7, 8e6, 2e7, "FLOP")
    ('213 µs (200 to 230)', '12 MFLOP (8 to 20)')
    """
    prefix, size = next((one for one in PREFIXES if value >= one[1]), PREFIXES[-1])
    low_words, high_words = three(low / size), three(high / size)
    return f"{three(value / size)} {prefix}{unit} ({low_words} to {high_words})"


def percent(share: float, digits: int = 0) -> str:
    """A share between 0 and 1 in per cent: `35 %`."""
    return f"{100 * share:.{digits}f} %"


MINUTE_S, HOUR_S, DAY_S = 60, 3600, 86400


def duration(seconds: float) -> str:
    """A duration as one says it: `45 s`, `12 min`, `1 h 40 min`, `3 d 4 h`."""
    if seconds < 1.5 * MINUTE_S:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / MINUTE_S)
    if minutes < MINUTE_S:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, MINUTE_S)
    if hours < 24:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    days, hours = divmod(hours, 24)
    return f"{days} d {hours} h" if hours else f"{days} d"


def ready_at(seconds: float, now: datetime | None = None) -> str:
    """The local time in so many seconds, with the day when it is not today."""
    now = now or datetime.now().astimezone()
    then = now + timedelta(seconds=seconds)
    return then.strftime("%H:%M" if then.date() == now.date() else "%a %d %b %H:%M")
