"""The slices of a study as sweeps along one factor: times at rising x, with their noise."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from tfscale.regimes import Sweep
from tfscale.slicing import MEDIAN_VARIANCE, called, replicates, slice_names, slice_numbers

WIDE = 2.0
"""An interval so many times as wide as the slice's usual one makes its point count less."""


def sweep_rows(
    cells: pd.DataFrame, visits: pd.DataFrame | None, factor: str
) -> Iterator[tuple[str, pd.DataFrame]]:
    """The name of every slice in which `factor` varies, and its cells with the columns of
    `replicates` and x: examples a call along batch_size, FLOP of a call along all others."""
    known = pd.concat([cells, replicates(cells, visits)], axis=1)
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
    by_x = rows.assign(log_s=np.log(rows["latency_s"])).groupby("x")
    points = by_x.agg(log_s=("log_s", "mean"), visits=("visits", "sum"))
    spread = pd.Series(1.0, index=points.index)
    if "half_width" in rows:
        width = by_x["half_width"].mean() / rows["half_width"].median()
        spread = width.where(np.isfinite(width) & (width > WIDE), 1.0)
    noise, freedom = _noise(rows, points["visits"].median())
    times = np.exp(points["log_s"].to_numpy())
    return Sweep(points.index.to_numpy(dtype=float), times, spread.to_numpy(), noise, freedom)


def _noise(rows: pd.DataFrame, visits: float) -> tuple[float, float]:
    """Relative error of a point with so many visits, by pure error, and its degrees of freedom."""
    by_x = rows.groupby("x")
    between = rows["visits"] * (rows["mean_log"] - by_x["mean_log"].transform("mean")) ** 2
    freedom = float(rows["within_df"].sum() + len(rows) - by_x.ngroups)
    squares = float(rows["within_ss"].sum() + between.sum())
    if not freedom:
        return 0.0, 0.0
    median = MEDIAN_VARIANCE if rows["within_df"].any() else 1.0
    return float(np.sqrt(median * squares / freedom / visits)), freedom
