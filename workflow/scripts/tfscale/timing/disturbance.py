"""Whether something else disturbed a visit: by physical signs only, never by its latency."""

SLOWER = 1.2
"""Of a visit: the kernel varies by 5 % on an undisturbed CPU and its clock drifts by as much and
more; a neighbour on the same core makes it 1.3 to 1.5."""
NOTICEABLE = 1.1
"""Of a single calibration before a study, where many are looked at within seconds."""
LEAST_CPU_SHARE = 0.95
MOST_STEAL = 0.01


def disturbance(visit: dict, reference_s: float) -> str:
    """The signs that a visit was disturbed, in words; empty for a clean one.

    `visit` has calibration_before_s, calibration_after_s, cpu_share, steal_share, threads and
    device; `reference_s` is the undisturbed time of the calibration kernel, which may take 1.2
    times as long. The share of CPU time counts for cells of one thread on the CPU only, whose
    thread should never wait.
    """
    signs = []
    slowest = max(visit["calibration_before_s"], visit["calibration_after_s"]) / reference_s
    if slowest > SLOWER:
        signs.append(f"calibration {slowest:.2f} times the reference")
    share = visit["cpu_share"]
    if visit["device"] == "CPU" and visit["threads"] == 1 and share < LEAST_CPU_SHARE:
        signs.append(f"CPU share {share:.2f}")
    if (visit["steal_share"] or 0) > MOST_STEAL:
        signs.append(f"steal {100 * visit['steal_share']:.1f} %")
    return ", ".join(signs)
