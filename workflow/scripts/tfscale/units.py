"""Numbers for people: three digits and a unit."""


def seconds(value: float) -> str:
    """A duration to three digits in the unit that fits."""
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if value >= size:
            return f"{value / size:.3g} {unit}"
    return f"{value / 1e-6:.3g} µs"


def three(value: float) -> str:
    """A number to three digits, without a power of ten when it is large: 0.0123, 4.6, 133,000."""
    rounded = float(f"{value:.3g}")
    return f"{rounded:,.0f}" if 100 <= abs(rounded) < 1e15 else f"{rounded:.3g}"


def percent(share: float, digits: int = 0) -> str:
    """A share between 0 and 1 in per cent: `35 %`."""
    return f"{100 * share:.{digits}f} %"
