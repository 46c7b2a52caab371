"""The latency of every cell from its visits: typical value with interval, tails, sides, memory."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from scipy.stats import binom

from tfscale.axes import AXES, Cell
from tfscale.tables.pooling import pooled
from tfscale.tables.reference_speed import at_reference_speed, references
from tfscale.tables.repeat import repeat_half_widths
from tfscale.timing.interval import median_interval

BOUND_CONFIDENCE = 0.99
MEMORY = ("memory_load_bytes", "memory_first_bytes", "memory_warmup_bytes", "memory_timed_bytes")
SIDES = ("first_call_s", "load_s", "unfetched_s", "copy_s")
TAILS = {"p90": 0.9, "p99": 0.99}
KEYS = ["cell", "machine"]


def latencies(visits: pd.DataFrame, runs_path: str, coverage: float) -> pd.DataFrame:
    """A row a cell and machine, in the order in which they come: host, axes, and what its visits
    say of its latency. Sentinels are left out.

    The estimate is the median over clean visits of a visit's median, with the sign-test interval
    that covers at least `coverage`. A cell whose visits were all disturbed is estimated from all
    of them, and its number of clean visits says so. `visits` are the rows of the file `runs_path`
    without raw durations, which are read from it bit by bit.
    """
    places = np.flatnonzero(~visits["sentinel"].to_numpy(dtype=bool))
    own = visits.iloc[places]
    number = own.groupby(KEYS, sort=False).ngroup().to_numpy()
    clean = ~own["disturbed"].to_numpy(dtype=bool)
    used = clean | (np.bincount(number, clean)[number] == 0)
    group = np.full(len(visits), -1)
    group[places[used]] = number[used]
    by_cell, typical = own.groupby(number), own[used].groupby(number[used])
    calls = typical["calls"].sum().to_numpy()
    tails = _tails(runs_path, group, calls)
    adjusted = at_reference_speed(own)[used].groupby(number[used])
    middle = typical[["p50_s", "p05_s", *SIDES, *MEMORY]].median()
    settled = own["settled"].fillna(True).astype(bool)
    ended = own.assign(number=number).sort_values("round", kind="stable").groupby("number")
    last = ended[["stop_reason", "left_because"]].last().astype("string")
    reason = last["left_because"].str.removesuffix(" before").fillna(last["stop_reason"])
    return pd.DataFrame(
        {name: by_cell[name].first() for name in (*KEYS, "host", *AXES)}
        | {
            "rounds": by_cell["round"].nunique(),
            "visits": by_cell.size(),
            "clean_visits": np.bincount(number, clean).astype(int),
            "calls": calls,
            "latency_s": middle["p50_s"],
        }
        | pd.DataFrame(_intervals(typical["p50_s"], coverage)).to_dict("series")
        | {
            "repeat_half_width": repeat_half_widths(
                own.assign(number=number)[used], middle["p50_s"]
            ),
            "latency_at_reference_s": adjusted.median(),
            "half_width_at_reference": [
                interval["half_width"] for interval in _intervals(adjusted, coverage)
            ],
            "reference_s": references(own).groupby(number).first(),
            "undisturbed_s": middle["p05_s"],
            "noise_index": middle["p50_s"] / middle["p05_s"],
        }
        | tails.drop(columns="timed_s").to_dict("series")
        | {
            "throughput_per_s": by_cell["batch_size"].first() * calls / tails["timed_s"],
            "unsettled_visits": (~settled).groupby(number).sum(),
            "visits_total_s": by_cell["visit_s"].sum(),
            "stop_reason": reason,
        }
        | {name: middle[name] for name in (*SIDES, *MEMORY)}
    )


def cells_of(table: pd.DataFrame) -> list[Cell]:
    """The axes of every row, in Python's own integers: the FLOP of a large network exceed the
    tables' int32."""
    return table[list(AXES)].to_dict("records")


def _intervals(medians, coverage: float) -> Iterator[dict[str, float]]:
    for _, values in medians:
        interval = median_interval(values.tolist(), coverage)
        yield {
            "latency_low_s": interval.low,
            "latency_high_s": interval.high,
            "half_width": interval.half_width if interval.claimed else float("nan"),
            "coverage": interval.coverage,
        }


def _tails(runs_path: str, group: np.ndarray, calls: np.ndarray) -> pd.DataFrame:
    """A row a group: quantiles of its timed calls with their upper bounds, and their sum."""
    ranks = {name: bound_rank(calls, level) for name, level in TAILS.items()}
    rows: list[dict[str, float]] = [{} for _ in calls]
    for number, ordered_ns in pooled(runs_path, group):
        ordered_s = ordered_ns / 1e9
        quantiles = np.quantile(ordered_s, list(TAILS.values()))
        for name, quantile in zip(TAILS, quantiles, strict=True):
            bound_s = upper_bound(ordered_s, ranks[name][number])
            rows[number] |= {f"{name}_s": float(quantile), f"{name}_high_s": bound_s}
        rows[number]["timed_s"] = float(ordered_s.sum())
    return pd.DataFrame(rows)


def upper_bound(ordered_s: np.ndarray, rank: int) -> float:
    """The distribution-free upper bound (99 %, one-sided) of a quantile, from sorted durations.

    It is the order statistic of `bound_rank`; NaN when that would be the largest of all: below 64
    calls for p90 and 662 for p99. It takes calls for independent, as one client sees them that
    waits for every answer.
    """
    return float(ordered_s[rank - 1]) if rank < len(ordered_s) else float("nan")


def bound_rank(calls: np.ndarray, level: float) -> np.ndarray:
    """The smallest r with P(Binomial(calls, level) < r) >= 0.99, for each number of calls (Hahn
    and Meeker 1991, 5.2)."""
    return np.asarray(binom.ppf(BOUND_CONFIDENCE, calls, level)).astype(int) + 1
