"""The slices of a study as sweeps along one factor: times at rising x, with their noise."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from tfscale.analysis.regimes import Sweep
from tfscale.analysis.slicing import (
    called,
    median_variance,
    points,
    replicates,
    slice_names,
    slice_numbers,
)

WIDE = 2.0
"""An interval so many times as wide as the slice's usual one makes its point count less."""


def sweep_rows(
    cells: pd.DataFrame, visits: pd.DataFrame | None, factor: str
) -> Iterator[tuple[str, pd.DataFrame]]:
    """The name of every slice in which `factor` varies, and its cells with the columns of
    `replicates` and x: examples a call along batch_size, FLOP of a call along all others."""
    known = cells.assign(**dict(replicates(cells, visits).items()))
    known["x"] = called(cells, "batch_size")
    if factor != "batch_size":
        known["x"] *= known["flop_per_example"]
    number, names = slice_numbers(cells, factor), slice_names(cells, factor)
    for _, rows in known.groupby(number, sort=False):
        if rows[factor].nunique() > 1:
            yield names[rows.index[0]], rows


def sweep_of(rows: pd.DataFrame) -> Sweep:
    """The sweep of a slice's cells (see `sweep_rows`; with half_width where it is known); cells of
    one x are replicates and make one point."""
    table = points(rows, ["x"])
    spread = pd.Series(1.0, index=table.index)
    if "half_width" in rows:
        width = rows.groupby("x")["half_width"].mean() / rows["half_width"].median()
        spread = width.where(np.isfinite(width) & (width > WIDE), 1.0)
    freedom, noise = float(table["df"].sum()), 0.0
    if freedom:
        variance = median_variance(rows) * table["ss"].sum() / freedom
        noise = float(np.sqrt(variance / table["visits"].median()))
    x, times = table.index.to_numpy(dtype=float), np.exp(table["log_s"].to_numpy())
    return Sweep(x, times, spread.to_numpy(), noise, freedom)
