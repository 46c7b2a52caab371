"""From which length on a call needs no warm-up of many, and few repetitions."""

NS = 1_000_000_000
SLOW_NS, SLOWER_NS, VERY_SLOW_NS = 3 * NS // 100, 3 * NS // 10, 6 * NS // 10
SLOW_CALLS = 3


def calls_wanted(call_ns: float, min_calls: int) -> int:
    """Fewest timed calls: 3 when a call takes over 0.03 s, 1 when it takes over 0.3 s."""
    if call_ns > SLOWER_NS:
        return 1
    return min(min_calls, SLOW_CALLS) if call_ns > SLOW_NS else min_calls
