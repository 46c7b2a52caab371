"""From which length on a call needs fewer of its kind to warm up and to be timed."""

NS = 1_000_000_000
LONG_NS, SLOW_NS, VERY_SLOW_NS = NS // 100, 3 * NS // 100, 6 * NS // 10


def calls_wanted(call_ns: float, min_calls: int) -> int:
    """Fewest timed calls: one when a call takes over 0.03 s, as visits vary more than its calls."""
    return 1 if call_ns > SLOW_NS else min_calls
