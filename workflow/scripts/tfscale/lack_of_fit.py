"""Does a law miss its levels by more than replicates differ from each other?"""

import pandas as pd
from scipy.stats import f as f_distribution

from tfscale.law_fits import EXACT, Levels


def lack_of_fit(levels: Levels, known: pd.DataFrame, rss: float, shapes: int) -> tuple[float, str]:
    """p of the F test and what its pure error comes from: visits, duplicates or level means.

    `known` has the columns of `replicates`; `rss` is the law's on mean_log. Cells that share slice
    and level are replicates too. Without any replicate the law is tested against free level means,
    whose remainder (slices that are not parallel) stands for the error. NaN where nothing is left
    to test. Source: Draper and Smith, Applied Regression Analysis (1998), 2.1, with the harmonic
    mean for unequal numbers of visits.
    """
    log_y = known["mean_log"].to_numpy()
    group = pd.Series(levels.slice * len(levels.x) + levels.level, index=known.index)
    between = float(
        ((known["mean_log"] - known["mean_log"].groupby(group).transform("mean")) ** 2).sum()
    )
    groups = group.nunique()
    within_df = float(known["within_df"].sum())
    pure_df = within_df + levels.cells - groups
    many = 1 / float((1 / known["visits"]).mean())
    if pure_df >= 1:
        pure = float(known["within_ss"].sum()) + many * between
        extra, source = groups - levels.scales - shapes, "visits" if within_df else "duplicates"
        missed = many * (rss - levels.cells * EXACT**2 - between)
    else:
        pure = float(levels.reduced(log_y)[1])
        extra, source = len(levels.x) - 1 - shapes, "level means"
        pure_df = levels.cells - levels.scales - (len(levels.x) - 1)
        missed = rss - pure
    if extra < 1 or pure_df < 1:
        return float("nan"), "none"
    ratio = max(missed, 0) / extra / max(pure / pure_df, EXACT**2)
    return float(f_distribution.sf(ratio, extra, pure_df)), source
