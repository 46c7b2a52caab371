"""Does a law miss its levels by more than replicates differ from each other?"""

import pandas as pd
from scipy.stats import f as f_distribution

from tfscale.analysis.law_fits import EXACT, Levels


def lack_of_fit(levels: Levels, known: pd.DataFrame, rss: float, shapes: int) -> tuple[float, str]:
    """p of the F test and what its pure error comes from: visits, duplicates or level means.

    `known` has the columns of `replicates`; `rss` is the law's on mean_log. Cells that share slice
    and level are replicates too. Without any replicate the law is tested against free level means,
    whose remainder (slices that are not parallel) stands for the error. NaN where nothing is left
    to test. Source: Draper and Smith, Applied Regression Analysis (1998), 2.1, with the harmonic
    mean for unequal numbers of visits.
    """
    pure, pure_df, between, groups = _pure(levels, known)
    if pure_df >= 1:
        source = "visits" if known["within_df"].any() else "duplicates"
        extra = groups - levels.scales - shapes
        missed = _many(known) * (rss - levels.cells * EXACT**2 - between)
    else:
        pure = float(levels.reduced(known["mean_log"].to_numpy())[1])
        extra, source = len(levels.x) - 1 - shapes, "level means"
        pure_df = levels.cells - levels.scales - (len(levels.x) - 1)
        missed = rss - pure
    if extra < 1 or pure_df < 1:
        return float("nan"), "none"
    ratio = max(missed, 0) / extra / max(pure / pure_df, EXACT**2)
    return float(f_distribution.sf(ratio, extra, pure_df)), source


def slices_differ(levels: Levels, known: pd.DataFrame) -> float:
    """p of the F test that all slices have one shape, against the pure error of visits and
    duplicates: small when factors act together. NaN with one slice or without replicates.

    `known` has the columns of `replicates`. Source: that of `lack_of_fit`.
    """
    pure, pure_df, between, groups = _pure(levels, known)
    extra = groups - levels.scales - len(levels.root)
    if extra < 1 or pure_df < 1:
        return float("nan")
    rest = float(levels.reduced(known["mean_log"].to_numpy())[1]) - levels.cells * EXACT**2
    ratio = max(_many(known) * (rest - between), 0) / extra / max(pure / pure_df, EXACT**2)
    return float(f_distribution.sf(ratio, extra, pure_df))


def _pure(levels: Levels, known: pd.DataFrame) -> tuple[float, float, float, int]:
    """Pure error and its degrees of freedom; the squares between the cells of one slice and level,
    which are part of it; how many slices and levels have cells."""
    group = levels.slice * len(levels.x) + levels.level
    means = known["mean_log"].groupby(group)
    between = float(((known["mean_log"] - means.transform("mean")) ** 2).sum())
    pure = float(known["within_ss"].sum()) + _many(known) * between
    freedom = float(known["within_df"].sum()) + levels.cells - means.ngroups
    return pure, freedom, between, means.ngroups


def _many(known: pd.DataFrame) -> float:
    """The harmonic mean of the visits a cell."""
    return 1 / float((1 / known["visits"]).mean())
