"""The latency of a cell from its visits: typical value with interval, tails, sides, memory."""

import numpy as np
import pandas as pd
from scipy.stats import binom

from tfscale.interval import median_interval

BOUND_CONFIDENCE = 0.99
MEMORY = ("memory_load_bytes", "memory_first_bytes", "memory_warmup_bytes", "memory_timed_bytes")
SIDES = ("first_call_s", "load_s", "unfetched_s", "copy_s")


def latency(visits: pd.DataFrame, coverage: float) -> dict:
    """One row's latency columns from the visits of a cell on one machine.

    The estimate is the median over clean visits of a visit's median, with the sign-test interval
    that covers at least `coverage`. A cell whose visits were all disturbed is estimated from all
    of them, and its number of clean visits says so. `visits` has the column timed_ns: the timed
    durations of each visit.
    """
    clean = visits[~visits["disturbed"]]
    used = clean if len(clean) else visits
    interval = median_interval(used["p50_s"].tolist(), coverage)
    typical, undisturbed = used["p50_s"].median(), used["p05_s"].median()
    pooled_s = np.sort(np.concatenate(used["timed_ns"].to_list())) / 1e9
    return {
        "rounds": visits["round"].nunique(),
        "visits": len(visits),
        "clean_visits": len(clean),
        "calls": len(pooled_s),
        "latency_s": typical,
        "latency_low_s": interval.low,
        "latency_high_s": interval.high,
        "half_width": interval.half_width if interval.claimed else float("nan"),
        "coverage": interval.coverage,
        "undisturbed_s": undisturbed,
        "noise_index": typical / undisturbed,
        "p90_s": float(np.quantile(pooled_s, 0.9)),
        "p90_high_s": upper_bound(pooled_s, 0.9),
        "p99_s": float(np.quantile(pooled_s, 0.99)),
        "p99_high_s": upper_bound(pooled_s, 0.99),
        "throughput_per_s": used["batch_size"].iloc[0] * len(pooled_s) / pooled_s.sum(),
        "unsettled_visits": int((~visits["settled"].fillna(True).astype(bool)).sum()),
        "visits_total_s": visits["visit_s"].sum(),
        "stop_reason": visits.sort_values("round")["stop_reason"].iloc[-1],
    } | {name: used[name].median() for name in (*SIDES, *MEMORY)}  # fmt: skip


def upper_bound(ordered_s: np.ndarray, level: float) -> float:
    """A distribution-free upper bound (99 %, one-sided) of a quantile, from sorted durations.

    The smallest order statistic r with P(Binomial(n, level) < r) >= 0.99 (Hahn and Meeker 1991,
    5.2). NaN when r would be the largest of all: below 64 calls for p90 and 662 for p99. It takes
    calls for independent, as one client sees them that waits for every answer.
    """
    rank = int(binom.ppf(BOUND_CONFIDENCE, len(ordered_s), level)) + 1
    return float(ordered_s[rank - 1]) if rank < len(ordered_s) else float("nan")
