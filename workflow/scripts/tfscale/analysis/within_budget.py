"""The largest model within a given latency, among cells that were run and cells predicted."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from tfscale.axes import AXES
from tfscale.errors import StudyError

SIZES = {"FLOP": "flop_per_example", "weights": "read_weight_bytes"}
"""What makes a model large."""
KEPT = [
    "cell",
    *AXES,
    "called_batch",
    *SIZES.values(),
    "latency_s",
    "latency_low_s",
    "latency_high_s",
]
COLUMNS = ("machine", "source", "largest_by", "budget_s", *KEPT, "verdict")


def within_budget(
    cells: pd.DataFrame, predicted: pd.DataFrame | None, latency_ms: float
) -> pd.DataFrame:
    """One row a machine, model, source (measured, predicted) and measure of size: the cell with the
    largest model within `latency_ms` a call, and of those the one with the largest batch.

    `verdict`: within (so is its interval's upper end), undetermined (its interval reaches
    beyond), extrapolated, no interval, or that none is within, with the fastest. Raises StudyError
    for a budget that is not above 0.
    """
    if not latency_ms > 0:
        raise StudyError(f"budget.latency_ms must be above 0, not {latency_ms} (config.yaml)")
    sources = {"measured": cells, "predicted": predicted}
    rows = [
        row
        for source, table in sources.items()
        if table is not None and len(table)
        for row in _largest(table, source, latency_ms / 1000)
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def _largest(table: pd.DataFrame, source: str, budget_s: float) -> Iterator[dict]:
    known = table[table["latency_s"] > 0].assign(extrapolates=table.get("extrapolates", ""))
    known = known.reindex(columns=["machine", "extrapolates", *KEPT])
    for (machine, model), own in known.groupby(["machine", "model"], sort=False):
        within = own[own["latency_s"] <= budget_s]
        for name, size in SIZES.items():
            if known[size].isna().any():  # a table that is older than the column
                continue
            head = {"machine": machine, "source": source, "largest_by": name, "budget_s": budget_s}
            if within.empty:
                fastest = own.loc[own["latency_s"].idxmin()]
                why = f"none within it; the fastest, {fastest['cell']}, takes "
                why += f"{1000 * fastest['latency_s']:.3g} ms"
                yield head | {"model": model, "verdict": why}
                continue
            order = [size, "called_batch", "latency_s"]
            best = within.sort_values(order, ascending=[False, False, True]).iloc[0]
            yield head | best[KEPT].to_dict() | {"verdict": _verdict(best, budget_s)}


def _verdict(best: pd.Series, budget_s: float) -> str:
    if best["extrapolates"]:
        return f"extrapolated ({best['extrapolates']})"
    if not np.isfinite(best["latency_high_s"]):
        return "no interval"
    return (
        "within"
        if best["latency_high_s"] <= budget_s
        else "undetermined: its interval reaches beyond"
    )
