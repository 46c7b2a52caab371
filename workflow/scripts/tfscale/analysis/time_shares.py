"""Where the time of a cell goes: by kind of operation, and whether overhead, arithmetic or memory
holds it up."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from tfscale.analysis.work_model import TOO_FEW
from tfscale.analysis.work_tables import GIGA, Fitted, bounds
from tfscale.analysis.workload import ARCHITECTURE, GROUP, TERMS

SURE = 0.9
BOUNDS = ("overhead", "compute", "memory")
OPERATIONS = tuple(dict.fromkeys(term.operation for term in TERMS.values()))
SHARES = (
    *GROUP, "operation", "time_share", "time_share_low", "time_share_high",
    "achieved_gflop_per_s", "achieved_low_gflop_per_s", "achieved_high_gflop_per_s",
)  # fmt: skip


def operation_shares(fitted: list[Fitted], confidence: float) -> pd.DataFrame:
    """One row a group and kind of operation: its share of the time of all cells together, and the
    FLOP that it gets done a second, arithmetic and memory taken together; with percentiles of the
    bootstrap. This stands where the terms of one operation cannot be told apart."""
    rows = [row for one in fitted for row in _operations(one, confidence)]
    return pd.DataFrame(rows, columns=SHARES)


def _operations(one: Fitted, confidence: float) -> Iterator[dict]:
    work = one.x.sum(axis=0)
    time_s = _summed(work * one.model.costs, "operation", OPERATIONS)[0]
    drawn_s = _summed(work * one.draws, "operation", OPERATIONS)
    flop = np.array(
        [work[i] if term.unit == "FLOP" else 0 for i, term in enumerate(TERMS.values())]
    )
    done = _summed(flop, "operation", OPERATIONS)[0] / GIGA
    share_low, share_high = bounds(
        drawn_s / drawn_s.sum(axis=1, keepdims=True), confidence, len(OPERATIONS)
    )
    low_s, high_s = bounds(drawn_s, confidence, len(OPERATIONS))
    for i, operation in enumerate(OPERATIONS):
        yield one.group | {
            "operation": operation,
            "time_share": time_s[i] / time_s.sum(),
            "time_share_low": share_low[i],
            "time_share_high": share_high[i],
            "achieved_gflop_per_s": _rate(done[i], time_s[i]),
            "achieved_low_gflop_per_s": _rate(done[i], high_s[i]),
            "achieved_high_gflop_per_s": _rate(done[i], low_s[i]),
        }


def _rate(done: float, time_s: float) -> float:
    return done / time_s if done > 0 and time_s > 0 else float("nan")


def labels(fitted: list[Fitted]) -> pd.DataFrame:
    """One row a cell: fitted time, residual, share of each kind of operation, and what holds it up.

    Shares add up to 1. `label` is overhead-bound, compute-bound or memory-bound, whichever has the
    greatest share in at least 90 % of the bootstrap's draws (`label_support`), else undetermined
    between two; not testable without a bootstrap.
    """
    return pd.concat([_labels(one) for one in fitted], ignore_index=True)


def _labels(one: Fitted) -> pd.DataFrame:
    parts = one.x * one.model.costs / one.predicted_s[:, None]
    by_bound = _summed(parts, "bound", BOUNDS)
    wins = np.zeros_like(by_bound)
    for costs in one.draws:
        drawn = _summed(one.x * costs, "bound", BOUNDS)
        wins[np.arange(len(drawn)), drawn.argmax(axis=1)] += 1
    support = wins / len(one.draws) if len(one.draws) else np.full_like(wins, np.nan)
    table = one.cells[["cell", *GROUP, *ARCHITECTURE, "called_batch", "latency_s"]].copy()
    table["fitted_s"] = one.predicted_s
    table["relative_residual"] = one.predicted_s / table["latency_s"] - 1
    for share, operation in zip(_summed(parts, "operation", OPERATIONS).T, OPERATIONS, strict=True):
        table[f"{operation}_share"] = share
    for share, bound in zip(by_bound.T, BOUNDS, strict=True):
        table[f"{bound}_bound_share"] = share
    table["label"] = [_label(row) for row in support]
    table["label_support"] = support.max(axis=1)
    return table


def _summed(parts: np.ndarray, key: str, names: tuple[str, ...]) -> np.ndarray:
    """Columns of terms added up by what they stand for: (rows, names)."""
    of = np.array([getattr(term, key) for term in TERMS.values()])
    rows = np.atleast_2d(parts)
    return np.column_stack([rows[:, of == name].sum(axis=1) for name in names])


def _label(support: np.ndarray) -> str:
    if np.isnan(support).any():
        return f"not testable: {TOO_FEW}"
    first, second = np.argsort(-support, kind="stable")[:2]
    if support[first] < SURE:
        return f"undetermined: {BOUNDS[first]}-bound or {BOUNDS[second]}-bound"
    return f"{BOUNDS[first]}-bound"
