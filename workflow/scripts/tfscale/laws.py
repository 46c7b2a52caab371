"""The law of each factor: does time grow with its logarithm, linearly or as a power?

Every slice (all other axes fixed) is scaled by its geometric mean, so that slices of any speed
count alike; the response is this relative time.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd
import statsmodels.api as sm
from scipy.stats import f as f_distribution
from scipy.stats import gmean

from tfscale.axes import AXES, FACTORS

LAWS = ("log", "linear", "power")
COLUMNS = (
    "machine", "model", "factor", "law", "cells", "levels", "intercept", "slope", "slope_low",
    "slope_high", "p_value", "r_squared", "lack_of_fit_p", "aicc", "delta_aicc", "weight",
    "verdict",
)  # fmt: skip
REWEIGHTINGS = 20
SMALLEST_FITTED = 0.01
FEWEST_LEVELS = 3
DECISIVE_WEIGHT = 0.9


def fit_laws(cells: pd.DataFrame, confidence: float) -> pd.DataFrame:
    """One row a model, factor and law, with intervals and information criteria.

    relative time = intercept + slope ln x (log), intercept + slope x (linear), or
    intercept x^slope (power, fitted on logarithms; its slope is the elasticity). A factor
    along which no two cells compare is left out; with two levels the laws cannot be told apart
    and AICc is NaN.
    """
    rows = []
    for (machine, model), table in cells.groupby(["machine", "model"], sort=False):
        for factor in FACTORS:
            if len(slices(table, factor)[0]):
                fits = pd.DataFrame(_factor(table, factor, confidence))
                fits.insert(0, "factor", factor)
                fits.insert(0, "model", model)
                fits.insert(0, "machine", machine)
                rows.append(_weighted(fits, confidence))
    return pd.concat(rows, ignore_index=True) if rows else pd.DataFrame(columns=COLUMNS)


def slices(cells: pd.DataFrame, factor: str) -> tuple[pd.Series, pd.Series]:
    """Relative time of each cell of a model that another differs from in `factor` alone, and the
    number of its slice along `factor`; cells without such another say nothing and are left out."""
    others = [axis for axis in AXES if axis != factor]
    number = cells.groupby(others, sort=False).ngroup()
    used = number.groupby(number).transform("size") > 1
    scale = cells.groupby(number)["latency_s"].transform(gmean)
    return (cells["latency_s"] / scale)[used], number[used]


def _factor(cells: pd.DataFrame, factor: str, confidence: float) -> Iterator[dict]:
    y, number = slices(cells, factor)
    x = cells.loc[y.index, factor].astype(float)
    levels = x.nunique()
    count = len(y)
    parameters = number.nunique() + 1  # a scale for every slice, and the slope
    for law in LAWS:
        result = _least_squares(law, x, y, max(count - parameters, 1))
        low, high = result.conf_int(alpha=1 - confidence).loc["slope"]
        fitted = _fitted(law, result)
        rss = ((np.log(y) - np.log(fitted)) ** 2).sum() if (fitted > 0).all() else np.inf
        yield {
            "law": law,
            "cells": count,
            "levels": levels,
            "intercept": result.params["const"],
            "slope": result.params["slope"],
            "slope_low": low,
            "slope_high": high,
            "p_value": result.pvalues["slope"],
            "r_squared": 1 - ((y - fitted) ** 2).sum() / ((y - y.mean()) ** 2).sum(),
            "lack_of_fit_p": _lack_of_fit(np.log(y), x, rss, parameters),
            "aicc": _aicc(rss, count, parameters + 1) if levels >= FEWEST_LEVELS else np.nan,
        }


def _least_squares(law: str, x: pd.Series, y: pd.Series, degrees: int):
    """The fit of a law for errors in proportion to the time.

    The power law is straight in logarithms. The others are weighted by 1 / fitted^2, which is
    repeated until it settles; without that, slow cells would decide alone.
    """
    design = sm.add_constant(pd.DataFrame({"slope": x if law == "linear" else np.log(x)}))
    weights = pd.Series(1.0, index=x.index)
    for _ in range(1 if law == "power" else REWEIGHTINGS):
        model = sm.WLS(np.log(y) if law == "power" else y, design, weights=weights)
        model.df_resid = degrees
        result = model.fit(use_t=True)
        weights = 1 / result.fittedvalues.clip(lower=SMALLEST_FITTED) ** 2
    return result


def _fitted(law: str, result) -> pd.Series:
    return np.exp(result.fittedvalues) if law == "power" else result.fittedvalues


def _lack_of_fit(log_y: pd.Series, x: pd.Series, rss: float, parameters: int) -> float:
    """p of the F test of a law against free level means; NaN where the law has no level to miss.

    Source: Draper and Smith, Applied Regression Analysis (1998), section 2.1.
    """
    extra = x.nunique() - 2
    left = len(x) - parameters - extra
    if extra < 1 or left < 1:
        return float("nan")
    pure = ((log_y - log_y.groupby(x).transform("mean")) ** 2).sum()
    return float(f_distribution.sf(max(rss - pure, 0) / extra / (pure / left), extra, left))


def _aicc(rss: float, count: int, parameters: int) -> float:
    """Corrected Akaike criterion of residuals on the logarithm of time.

    Every slice's scale and sigma count as parameters. Source: Burnham and Anderson (2002), 2.4.
    """
    if count - parameters - 1 <= 0:
        return float("nan")
    penalty = 2 * parameters * count / (count - parameters - 1)
    return float(count * np.log(rss / count) + penalty)


def _weighted(fits: pd.DataFrame, confidence: float) -> pd.DataFrame:
    """Add delta_aicc, Akaike weight and the verdict of the factor."""
    fits["delta_aicc"] = fits["aicc"] - fits["aicc"].min()
    likelihood = np.exp(-fits["delta_aicc"] / 2)
    fits["weight"] = likelihood / likelihood.sum()
    fits["verdict"] = verdict(fits, confidence)
    return fits


def verdict(fits: pd.DataFrame, confidence: float) -> str:
    """The law of a factor, or which ones the data cannot tell apart, or that none fits."""
    if fits["aicc"].isna().any():
        return (
            f"not testable with {fits['levels'].iloc[0]} levels and {fits['cells'].iloc[0]} cells"
        )
    ranked = fits.sort_values("weight", ascending=False)
    first, second = ranked["law"].iloc[:2]
    if ranked["lack_of_fit_p"].iloc[0] < 1 - confidence:
        return f"none of the three fits (nearest: {first})"
    if ranked["weight"].iloc[0] >= DECISIVE_WEIGHT:
        return first
    return f"undetermined: {first} or {second}"
