"""How near another study of the machine would come, by how far apart the rounds of this one are."""

from math import pi

import numpy as np
import pandas as pd
from scipy.stats import t

NEIGHBOURS = 20
"""Cells of like latency that share one variance: two rounds of one cell alone say too little."""
CONFIDENCE = 0.95


def repeat_half_widths(used: pd.DataFrame, latency_s: pd.Series) -> np.ndarray:
    """For each cell the factor, as a logarithm, by which its value in another such study differs
    at most (95 %), in the order of `latency_s`; NaN where no cell of its machine has two rounds.

    `used` has a row a visit: `number` (the cell's place in `latency_s`), machine, round, p50_s.
    With $s^2$ the variance of the logarithms of a cell's medians from round to round, pooled over
    the 20 cells of its machine that are next to it by latency, the medians of two studies of R
    rounds differ with variance 2 s^2 m(R), where m(R) is that of a median of R normal values (see
    `_of_a_median`): the half-width is the quantile of Student's t times its root. Unlike the
    interval of the median it holds what visits of one minute share; changes from day to day it
    cannot hold.
    """
    medians = np.log(used.groupby(["machine", "number", "round"], sort=False)["p50_s"].median())
    spread = medians.groupby(level=["machine", "number"], sort=False).agg(["var", "size"])
    half_widths = np.full(len(latency_s), np.nan)
    for _, own in spread.groupby(level="machine", sort=False):
        cells = own.index.get_level_values("number").to_numpy()
        order = np.argsort(latency_s.to_numpy()[cells], kind="stable")
        half_widths[cells[order]] = _half_widths(own.iloc[order])
    return half_widths


def _half_widths(ordered: pd.DataFrame) -> np.ndarray:
    """Of the cells of one machine, in the order of their latencies."""
    degrees = (ordered["size"] - 1).to_numpy(float)
    squares = ordered["var"].fillna(0.0).to_numpy() * degrees
    count = len(ordered)
    window = min(NEIGHBOURS, count)
    first = np.clip(np.arange(count) - window // 2, 0, count - window)
    sums = [np.concatenate([[0.0], np.cumsum(values)]) for values in (squares, degrees)]
    pooled_squares, pooled_degrees = (total[first + window] - total[first] for total in sums)
    with np.errstate(invalid="ignore", divide="ignore"):
        rounds = ordered["size"].to_numpy(float)
        variance = 2 * _of_a_median(rounds) * pooled_squares / pooled_degrees
    known = pooled_degrees > 0
    quantile = t.ppf((1 + CONFIDENCE) / 2, np.where(known, pooled_degrees, 1))
    return np.where(known, quantile * np.sqrt(variance), np.nan)


def _of_a_median(count: np.ndarray) -> np.ndarray:
    """The variance of the median of `count` normal values of variance 1.

    Of two it is that of their mean. Beyond, pi / (2 n + pi - 2): within 2 % for odd n, up to a
    seventh too much for even n (against 400,000 simulated medians each).
    """
    return np.where(count <= 2, 1 / count, pi / (2 * count + pi - 2))
