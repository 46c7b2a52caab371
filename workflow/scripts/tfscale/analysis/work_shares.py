"""Time shares, regimes, saturation, sentences, columns."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from tfscale.analysis.slices import GROUP, GROUP_COLUMNS, SIZE, architecture, shape, split
from tfscale.analysis.work_model import GIGA, PER_EXAMPLE, TERMS, TOO_FEW, Fitted, bounds, design
from tfscale.files.columns import Described, bounded, count, model_axes, number, text

SURE = 0.9
BOUNDS = ("overhead", "compute", "memory")
OPERATIONS = tuple(dict.fromkeys(term.operation for term in TERMS.values()))
TIME_SHARES = Described(
    {
        **GROUP_COLUMNS,
        "operation": text("kind of operation"),
        **bounded("time_share", "its share of the time of all cells together"),
        **bounded("achieved", "10⁹ FLOP a second, memory included", "_gflop_per_s"),
    }
)


REGIMES = Described(
    {
        "cell": text("cell"),
        **GROUP_COLUMNS,
        **model_axes(),
        "called_batch": SIZE["called_batch"],
        "latency_s": number("latency of the cell"),
        "fitted_s": number("latency by the work model"),
        **{f"{kind}_share": number(f"share of the fitted time: {kind}") for kind in OPERATIONS},
        **{f"{kind}_bound_share": number(f"share of the fitted time: {kind}") for kind in BOUNDS},
        "label": text("overhead-, compute- or memory-bound, undetermined, or not testable"),
        "label_support": number("share of the bootstrap studies in which that share is greatest"),
    }
)


def operation_shares(fitted: list[Fitted], confidence: float) -> pd.DataFrame:
    """One row a group and kind of operation that it has: its share of the time of all cells
    together, and the FLOP that it gets done a second, arithmetic and memory taken together; with
    percentiles of the bootstrap. This stands where the terms of one operation cannot be told apart.
    """
    rows = [row for one in fitted for row in _operations(one, confidence)]
    return pd.DataFrame(rows, columns=TIME_SHARES.names)


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
    had = _summed(work, "operation", OPERATIONS)[0] > 0
    for i, operation in enumerate(OPERATIONS):
        if not had[i]:
            continue
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
    """One row a cell: fitted time, share of each kind of operation, and what holds it up.

    Shares add up to 1. `label` is overhead-bound, compute-bound or memory-bound, whichever has the
    greatest share in at least 90 % of the bootstrap's draws (`label_support`), else undetermined
    between two; not testable without a bootstrap.
    """
    tables = [_labels(one).reindex(columns=REGIMES.names) for one in fitted]
    return pd.concat(tables, ignore_index=True)


def _labels(one: Fitted) -> pd.DataFrame:
    parts = one.x * one.model.costs / one.predicted_s[:, None]
    by_bound = _summed(parts, "bound", BOUNDS)
    wins = np.zeros_like(by_bound)
    for costs in one.draws:
        drawn = _summed(one.x * costs, "bound", BOUNDS)
        wins[np.arange(len(drawn)), drawn.argmax(axis=1)] += 1
    support = wins / len(one.draws) if len(one.draws) else np.full_like(wins, np.nan)
    table = one.cells[["cell", *GROUP, *shape(one.cells), "called_batch", "latency_s"]].copy()
    table["fitted_s"] = one.predicted_s
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


SATURATION = Described(
    {
        **GROUP_COLUMNS,
        **model_axes(),
        **bounded("n_half", "batch at half of an endless one's throughput", "_examples"),
        "greatest_batch": count("greatest batch"),
        "best_throughput_per_s": number("highest examples a second"),
        "enough_batch": number("least batch with 90 % of it; missing = only the greatest has that"),
        "batches": count("batch sizes, run or predicted"),
        "predicted": count("batch sizes that a sample leaves out, so that they are predicted"),
    }
)
ENOUGH = 0.9
"""Of the highest throughput: beyond that batch a larger one gains little."""


def saturation(fitted: list[Fitted], cells: pd.DataFrame, confidence: float) -> pd.DataFrame:
    """One row a group and architecture: what the work model and the throughput of its `cells` say
    of its batch; of a sampled study some are predicted (see `with_sampled`).

    A call takes a + B · b seconds; n_half, the batch at half of the throughput of an
    endless one, is their ratio (Hockney and Jesshope 1988), with percentiles of the bootstrap.
    """
    groups = dict(split(cells, GROUP))
    rows = [
        row
        for one in fitted
        for row in _saturation(one, groups[tuple(one.group.values())], confidence)
    ]
    return pd.DataFrame(rows, columns=SATURATION.names)


def _saturation(one: Fitted, cells: pd.DataFrame, confidence: float) -> list[dict]:
    axes = shape(one.cells)
    shapes = one.cells[~architecture(one.cells).duplicated()].assign(called_batch=1)
    x = design(shapes)
    n_half = _ratio(*_split(x, one.model.costs))
    drawn = np.array([_ratio(*_split(x, costs)) for costs in one.draws])
    low, high = bounds(drawn, confidence, len(shapes))
    number = architecture(pd.concat([shapes, cells], ignore_index=True)).to_numpy()
    of_shapes, of_cells = np.split(number, [len(shapes)])
    seen = [_throughput(cells[of_cells == own]) for own in of_shapes]
    return [
        one.group
        | {axis: values[axis] for axis in axes}
        | {
            "n_half_examples": n_half[i],
            "n_half_low_examples": low[i],
            "n_half_high_examples": high[i],
            **throughput,
        }
        for i, (values, throughput) in enumerate(zip(shapes.to_dict("records"), seen, strict=True))
    ]


def _throughput(cells: pd.DataFrame) -> dict:
    """One architecture's throughput against batch."""
    batch = cells["called_batch"]
    throughput_per_s = (batch / cells["latency_s"]).groupby(batch).median()
    batches = throughput_per_s.index
    best = throughput_per_s.max()
    enough = batches[throughput_per_s >= ENOUGH * best][0]
    return {
        "greatest_batch": batches[-1],
        "best_throughput_per_s": best,
        "enough_batch": enough if enough < batches[-1] else np.nan,
        "batches": len(batches),
        "predicted": cells["predicted"].sum() if "predicted" in cells else 0,
    }


def _split(x: np.ndarray, costs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Seconds a call and seconds an example of rows at batch 1."""
    return x[:, ~PER_EXAMPLE] @ costs[~PER_EXAMPLE], x[:, PER_EXAMPLE] @ costs[PER_EXAMPLE]


def _ratio(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    """The quotient; infinite where an example costs nothing, so that no batch is enough."""
    return np.divide(above, below, out=np.full(len(above), np.inf), where=below > 0)
