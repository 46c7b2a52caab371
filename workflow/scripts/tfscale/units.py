"""Numbers for people: three digits and a unit."""


def seconds(value: float) -> str:
    """A duration to three digits in the unit that fits."""
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if value >= size:
            return f"{value / size:.3g} {unit}"
    return f"{value / 1e-6:.3g} µs"
