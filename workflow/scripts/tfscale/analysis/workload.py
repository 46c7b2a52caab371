"""The terms of the work model: what a call does, in columns that its time is linear in.

t = fixed + operations + weights read + B (FLOP and bytes moved, each by kind of operation)
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd

from tfscale.axes import AXES
from tfscale.errors import StudyError
from tfscale.study.work import work_columns

ARCHITECTURE = ["layers", "conv_size", "input_size"]
"""The axes that shape a model; cells that differ in none of them share an architecture."""
SETTING = [axis for axis in AXES if axis not in ("model", "batch_size", *ARCHITECTURE)]
"""The axes that change how fast work is done: never pooled into one rate."""
GROUP = ["machine", "model", *SETTING]
"""Cells that agree in these are fitted together."""

USED = ["cell", "machine", *AXES, "called_batch", "latency_s"]
"""The columns that the work model and its tests need."""


@dataclass(frozen=True)
class Term:
    """One term: the column it is linear in, per example or per call, what it stands for."""

    column: str
    bound: str
    operation: str
    per_example: bool = True
    unit: str = "byte"


TERMS = {
    "fixed": Term("", "overhead", "overhead", False, "call"),
    "per_operation": Term("operations", "overhead", "overhead", False, "operation"),
    "weights": Term("read_weight_bytes", "memory", "weights", False),
    "conv_first_flop": Term("conv_first_flop", "compute", "conv_first", unit="FLOP"),
    "conv_square_flop": Term("conv_square_flop", "compute", "conv_square", unit="FLOP"),
    "conv_full_span_flop": Term("conv_full_span_flop", "compute", "conv_full_span", unit="FLOP"),
    "dense_flop": Term("dense_flop", "compute", "dense", unit="FLOP"),
    "conv_first_bytes": Term("conv_first_moved_bytes", "memory", "conv_first"),
    "conv_square_bytes": Term("conv_square_moved_bytes", "memory", "conv_square"),
    "conv_full_span_bytes": Term("conv_full_span_moved_bytes", "memory", "conv_full_span"),
    "reread_bytes": Term("reread_kernel_bytes", "memory", "conv_full_span"),
    "pool_bytes": Term("pool_moved_bytes", "memory", "pool"),
    "embedding_bytes": Term("embedding_moved_bytes", "memory", "embedding"),
}  # fmt: skip
"""Every term by name. FLOP and bytes of a kind of operation stand side by side: an operation may
be held up by its arithmetic at one size and by its memory at another."""
PER_EXAMPLE = np.array([term.per_example for term in TERMS.values()])
SHAPE = ["model", *ARCHITECTURE, "filters", "precision"]
"""The axes that the work of an example follows from."""


def timed(cells: pd.DataFrame) -> pd.DataFrame:
    """The cells with a fresh index and only the columns of `USED`, for tables are cut up often;
    raises StudyError for a time that cannot be one."""
    if cells.empty:
        raise StudyError("there are no cells to fit: the table is empty")
    amounts = cells[[*ARCHITECTURE, "called_batch"]].apply(pd.to_numeric, errors="coerce")
    if not (amounts > 0).all(axis=None):
        name = cells["cell"].astype(str)[~(amounts > 0).all(axis=1)].iloc[0]
        raise StudyError(f"{name}: layers, sizes and batch must be numbers above 0")
    bad = cells[~(np.isfinite(cells["latency_s"]) & (cells["latency_s"] > 0))]
    if len(bad):
        names = ", ".join(bad["cell"].astype(str).head(3))
        more = f" and {len(bad) - 3} more" if len(bad) > 3 else ""
        raise StudyError(
            f"no time above 0 for {names}{more}: time them again (snakemake --forcerun measure) "
            "or take them out of the grid"
        )
    return cells[USED].reset_index(drop=True)


def design(cells: pd.DataFrame) -> np.ndarray:
    """Matrix (cells, terms): how much of each term a call of the cell has.

    Counted from the axes, so that tables from anywhere and cells that were never run will do.
    """
    work = [cells[axis].tolist() for axis in SHAPE]
    amounts = np.array([_amounts(*shape) for shape in zip(*work, strict=True)], dtype=float)
    batch = cells["called_batch"].to_numpy(float)
    return np.where(PER_EXAMPLE, batch[:, None] * amounts, amounts)


@cache
def _amounts(*shape: str | int) -> tuple[int, ...]:
    """Each term's amount for one example of an architecture."""
    work = work_columns(dict(zip(SHAPE, shape, strict=True)), 0)
    return tuple(work[term.column] if term.column else 1 for term in TERMS.values())


def architectures(cells: pd.DataFrame) -> np.ndarray:
    """The number of each cell's architecture, from 0."""
    return cells.groupby(ARCHITECTURE, sort=False).ngroup().to_numpy()


def named(group: tuple) -> dict:
    """The values of a group of cells by name."""
    return dict(zip(GROUP, group, strict=True))
