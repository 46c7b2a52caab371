"""The bootstrap of processes, corrections for many tests, noncentral F."""

from collections.abc import Callable

import numpy as np
import pandas as pd
from scipy.optimize import brentq
from scipy.stats import ncf

from tfscale.analysis.slices import shape
from tfscale.axes import AXES


def holm(p_values: np.ndarray) -> np.ndarray:
    """p-values that hold the chance of one false alarm among all (Holm 1979).

    As statsmodels' `multipletests`, which collects all garbage of the process at each call.

    >>> holm(np.array([0.01, 0.04, 0.03])).round(2).tolist()
    [0.03, 0.06, 0.06]
    """
    order, count = np.argsort(p_values), len(p_values)
    adjusted = np.empty(count)
    adjusted[order] = np.maximum.accumulate(p_values[order] * (count - np.arange(count)))
    return np.minimum(adjusted, 1)


def corrected(p_values: pd.Series, method: Callable[[np.ndarray], np.ndarray] = holm) -> np.ndarray:
    """Adjusted p-values in the same order; NaN stays NaN and takes no part."""
    adjusted = p_values.to_numpy(dtype=float, copy=True)
    made = np.isfinite(adjusted)
    if made.any():
        adjusted[made] = method(adjusted[made])
    return adjusted


def noncentrality_interval(
    f_value: float, freedom: tuple[float, float], alpha: float
) -> tuple[float, float]:
    """Bounds of the noncentrality of an F statistic by inversion of its distribution (Steiger
    2004); 0 where none reaches.

    statsmodels' `confint_noncentrality` uses scipy's ncfdtrinc, which stops at 10,000.
    """
    bounds = [_inverted(f_value, freedom, share) for share in (1 - alpha / 2, alpha / 2)]
    return bounds[0], bounds[1]


def _inverted(f_value: float, freedom: tuple[float, float], share: float) -> float:
    """The noncentrality at which a smaller F has this probability."""

    def excess(log_nc: float) -> float:
        return float(np.nan_to_num(ncf.cdf(f_value, *freedom, np.exp(log_nc)))) - share

    low = -20.0
    if not np.isfinite(f_value) or excess(low) <= 0:
        return 0.0
    high = np.log(max(f_value * freedom[0], 1.0))
    while excess(high) > 0:
        high += 1
    return float(np.exp(brentq(excess, low, high, xtol=1e-10)))


TOGETHER = 2000
"""Cells that are redrawn at once: enough to be fast, few enough for the memory."""


def same_call(cells: pd.DataFrame) -> list[str]:
    """The columns that tell the calls of one model and setting apart."""
    return ["called_batch", *shape(cells)]


def redrawn(
    cells: pd.DataFrame, processes: pd.DataFrame, draws: int, rng: np.random.Generator
) -> np.ndarray:
    """Draw the latencies (s) of `draws` studies like this one: (draws, cells).

    A cell's is the median of as many processes as it has, drawn from them with replacement.
    """
    own = processes.groupby(["machine", "cell"])["latency_s"].agg(list)
    lists = own.loc[pd.MultiIndex.from_frame(cells[["machine", "cell"]])].tolist()
    counts = np.array([len(values) for values in lists])
    drawn = np.empty((draws, len(cells)))
    for count in np.unique(counts):
        same = np.flatnonzero(counts == count)
        for places in np.array_split(same, -(-len(same) // TOGETHER)):
            values = np.array([lists[place] for place in places])
            chosen = rng.integers(0, count, (draws, len(places), count))
            drawn[:, places] = np.median(values[np.arange(len(places))[:, None], chosen], axis=-1)
    return drawn


def process_rows(processes: pd.DataFrame, cells: pd.DataFrame) -> pd.DataFrame:
    """One row a process, in the order of their starts: round, started, latency_s, pass_mean_s and
    its cell's axes, called_batch and flop_per_example. Processes of cells that `cells` does not
    have are left out."""
    axes = [axis for axis in AXES if axis in cells]
    known = cells.drop_duplicates(["cell", "machine"])
    calls = known["pass_mean_s"] / known["latency_s"]
    known = known[["cell", "machine", *axes, "called_batch", "flop_per_example"]]
    known = known.assign(calls=calls)
    own = processes[["cell", "machine", "round", "started", "latency_s"]]
    rows = own.merge(known, on=["cell", "machine"])
    rows = rows.assign(pass_mean_s=rows["latency_s"] * rows["calls"]).drop(columns="calls")
    return rows.sort_values("started", ignore_index=True)


def run_rows(rows: pd.DataFrame) -> pd.DataFrame:
    """One row a run (a cell in a round), in the order of their starts: the medians over its
    processes. `rows` as from `process_rows`."""
    keys = ["cell", "machine", "round"]
    first = {name: "first" for name in rows if name not in keys}
    runs = rows.groupby(keys, sort=False).agg(
        first | {"latency_s": "median", "pass_mean_s": "median"}
    )
    return runs.reset_index().sort_values("started", ignore_index=True)
