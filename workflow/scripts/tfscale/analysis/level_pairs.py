"""Cells that differ in nothing but one factor: slices, pairs, and whether any level differs."""

import numpy as np
import pandas as pd
import statsmodels.api as sm
from scipy.stats import f as f_distribution

from tfscale.analysis.design import independent
from tfscale.axes import AXES


def slice_number(table: pd.DataFrame, factor: str) -> pd.Series:
    """The number of each row's slice along a factor: all other axes are equal in it."""
    return table.groupby([axis for axis in AXES if axis != factor], sort=False).ngroup()


def any_difference(table: pd.DataFrame, factor: str) -> float:
    """p of the F test that a factor's levels differ at any number of layers, slices centred.

    ln time = slice + level x layers by least squares; the slices' own levels are taken out first
    (Frisch, Waugh and Lovell). What is left is noise and how the other axes change the effect.
    NaN where nothing is left over. Repeats that only a nominal batch tells apart count as rows.
    """
    number = slice_number(table, factor)
    level = table[factor].astype(str)
    if factor != "layers":
        level = level + " " + table["layers"].astype(str)
    dummies = pd.get_dummies(level, dtype=float)
    x = independent(dummies - dummies.groupby(number).transform("mean"))
    y = table["log_s"] - table["log_s"].groupby(number).transform("mean")
    rank, left = x.shape[1], len(table) - number.nunique() - x.shape[1]
    if rank < 1 or left < 1:
        return np.nan
    rest = sm.OLS(y, x).fit().ssr
    if rest <= 1e-20 * len(table):
        return np.nan
    return float(f_distribution.sf((y @ y - rest) / rank / (rest / left), rank, left))


def log_ratios(table: pd.DataFrame, factor: str, base: float, level: float) -> pd.DataFrame:
    """The matched pairs of two levels: their other axes, `base_log_s` and `level_log_s`.

    Cells that occur more than once are averaged.
    """
    others = [axis for axis in AXES if axis != factor and axis in table]
    at = [table[table[factor] == value].groupby(others)["log_s"].mean() for value in (base, level)]
    pairs = pd.concat(at, axis=1, keys=["base_log_s", "level_log_s"]).dropna()
    return pairs.reset_index()
