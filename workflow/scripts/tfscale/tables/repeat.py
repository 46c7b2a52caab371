"""How near another study of the machine would come, by how far apart the rounds of this one are."""

from math import pi

import numpy as np
import pandas as pd
from scipy.stats import t

from tfscale.tables.complete_rounds import in_complete_round

NEIGHBOURS = 20
"""Cells of like latency that share one variance: two rounds of one cell alone say too little."""
CONFIDENCE = 0.95


def repeat_half_widths(used: pd.DataFrame, latency_s: pd.Series) -> np.ndarray:
    """For each cell the factor, as a logarithm, by which its value in another such study differs
    at most (95 %), in the order of `latency_s`; NaN where no cell of its machine has two rounds.

    `used` has a row a visit: `number` (the cell's place in `latency_s`), machine, round, p50_s.
    With $s^2$ the variance of the logarithms of a cell's medians over the complete rounds (the
    further ones are of noisy cells only, which would count more often than others), pooled over
    the 20 cells of its machine that are next to it by latency, the medians of two studies of R
    rounds differ with variance 2 s^2 m(R), where m(R) is that of a median of R normal values (see
    `_of_a_median`): the half-width is the quantile of Student's t times its root. By how much all
    cells move together from round to round (see `_shared_half_width`) is added as a square: another
    study finds the machine in another state, which the rounds of this one do not average out.
    Changes from day to day it cannot hold.
    """
    medians = np.log(used.groupby(["machine", "number", "round"], sort=False)["p50_s"].median())
    half_widths = np.full(len(latency_s), np.nan)
    for _, own in medians.groupby(level="machine", sort=False):
        rounds = own.groupby(level="number", sort=False).size()
        cells = rounds.index.to_numpy()
        complete = own[in_complete_round(own.index.to_frame()["round"]).to_numpy()]
        spread = complete.groupby(level="number").agg(["var", "size"]).reindex(cells)
        order = np.argsort(latency_s.to_numpy()[cells], kind="stable")
        widths = _half_widths(spread.assign(rounds=rounds).iloc[order])
        half_widths[cells[order]] = np.hypot(widths, _shared_half_width(complete, spread["var"]))
    return half_widths


def _shared_half_width(medians: pd.Series, variance: pd.Series) -> float:
    """By how much two states of the machine that all its cells share differ at most (95 %).

    A round's state is the median over cells of how far each is from its mean over the rounds. From
    its variance over the rounds goes what the cells' own would leave: that of a median of so many.
    """
    by_round = medians.droplevel("machine").unstack("round")
    state = by_round.sub(by_round.mean(axis=1), axis=0).median()
    own = _of_a_median(np.array(float(len(variance)))) * variance.mean()
    if len(state) < 2 or not state.var() > own:
        return 0.0
    return float(_quantile(len(state) - 1) * np.sqrt(2 * (state.var() - own)))


def _quantile(degrees: np.ndarray | float) -> np.ndarray:
    return t.ppf((1 + CONFIDENCE) / 2, degrees)


def _half_widths(ordered: pd.DataFrame) -> np.ndarray:
    """Of the cells of one machine, in the order of their latencies: var and size over the complete
    rounds, and the number of all rounds of each."""
    degrees = (ordered["size"].fillna(1.0) - 1).to_numpy(float)
    squares = ordered["var"].fillna(0.0).to_numpy() * degrees
    count = len(ordered)
    window = min(NEIGHBOURS, count)
    first = np.clip(np.arange(count) - window // 2, 0, count - window)
    sums = [np.concatenate([[0.0], np.cumsum(values)]) for values in (squares, degrees)]
    pooled_squares, pooled_degrees = (total[first + window] - total[first] for total in sums)
    with np.errstate(invalid="ignore", divide="ignore"):
        rounds = ordered["rounds"].to_numpy(float)
        variance = 2 * _of_a_median(rounds) * pooled_squares / pooled_degrees
    known = pooled_degrees > 0
    quantile = _quantile(np.where(known, pooled_degrees, 1))
    return np.where(known, quantile * np.sqrt(variance), np.nan)


def _of_a_median(count: np.ndarray) -> np.ndarray:
    """The variance of the median of `count` normal values of variance 1.

    Of two it is that of their mean. Beyond, pi / (2 n + pi - 2): within 2 % for odd n, up to a
    seventh too much for even n (against 400,000 simulated medians each).
    """
    return np.where(count <= 2, 1 / count, pi / (2 * count + pi - 2))
