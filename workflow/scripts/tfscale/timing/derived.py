"""The columns of a visit that follow from its raw durations."""

import numpy as np

QUANTILES = {"p05_s": 0.05, "p50_s": 0.5, "p90_s": 0.9, "p99_s": 0.99}
SIDES = {"unfetched_s": "unfetched", "copy_s": "copy"}


def derived(visit: dict) -> dict:
    """First call, number of calls, quantiles, mean and sum of the timed ones, side blocks (s).

    A side block that was not run is None.
    """
    phases, durations_s = np.array(visit["phases"]), np.array(visit["durations_ns"]) / 1e9
    timed_s = durations_s[phases == "timed"]
    return {
        "first_call_s": float(durations_s[0]),
        "warmup_calls": int((phases == "warmup").sum()),
        "calls": len(timed_s),
        "mean_s": float(timed_s.mean()),
        "timed_s": float(timed_s.sum()),
        "phase": visit["phases"],
    } | {name: float(np.quantile(timed_s, level)) for name, level in QUANTILES.items()} | {
        name: _median(durations_s[phases == phase]) for name, phase in SIDES.items()
    }  # fmt: skip


def _median(values: np.ndarray) -> float | None:
    return float(np.median(values)) if len(values) else None
