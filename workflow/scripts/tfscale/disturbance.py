"""Whether something else disturbed a visit: by physical signs only, never by its latency."""

SLOWER = 1.1
"""The kernel itself varies by 5 % on an undisturbed CPU; visits up to here differ in nothing."""
SLOWER_NOW = 1.15
"""The same while a study lasts, when the reference is of another minute: the clock drifts by 5 %. A
neighbour on the same core makes it 1.5."""
LEAST_CPU_SHARE = 0.95
MOST_STEAL = 0.01


def disturbance(visit: dict, reference_s: float, slower: float = SLOWER) -> str:
    """The signs that a visit was disturbed, in words; empty for a clean one.

    `visit` has calibration_before_s, calibration_after_s, cpu_share, steal_share, threads and
    device; `reference_s` is the undisturbed time of the calibration kernel, which may take `slower`
    times as long. The share of CPU time counts for cells of one thread on the CPU only, whose
    thread should never wait.
    """
    signs = []
    slowest = max(visit["calibration_before_s"], visit["calibration_after_s"]) / reference_s
    if slowest > slower:
        signs.append(f"calibration {slowest:.2f} times the reference")
    share = visit["cpu_share"]
    if visit["device"] == "CPU" and visit["threads"] == 1 and share < LEAST_CPU_SHARE:
        signs.append(f"CPU share {share:.2f}")
    if (visit["steal_share"] or 0) > MOST_STEAL:
        signs.append(f"steal {visit['steal_share']:.1%}")
    return ", ".join(signs)
