"""Whether time grows with the logarithm of a factor: that law against two rivals and none."""

import numpy as np
import pandas as pd
from scipy.optimize import minimize_scalar
from scipy.stats import f as f_distribution

from tfscale.analysis.claim_tests import Found
from tfscale.analysis.level_pairs import slice_number
from tfscale.analysis.noncentral import noncentrality_interval
from tfscale.axis_words import AXIS_WORDS
from tfscale.phrases import share

MARGIN = 0.10
DECISIVE = 0.9


def logarithmic(table: pd.DataFrame, alpha: float, factor: str) -> Found:
    """Time = scale of the slice x law of the factor, on the logarithm of time.

    Laws with one shape parameter each: 1 + b ln(x / least), 1 + b (x - least), x^b. The effect
    is the log law's root mean square distance from free level means, its interval by the
    noncentral F of the lack-of-fit test (Draper and Smith 1998, 2.1). Rejected: it misses the
    levels, and a rival has an Akaike weight of 0.9 or the miss is surely over 10 %. Supported: its
    own weight is 0.9 and the miss surely under 10 %.
    """
    number = slice_number(table, factor)
    used = table.groupby(number)[factor].transform("nunique") > 1
    rows, number = table[used], number[used]
    levels = rows[factor].nunique()
    left = len(rows) - number.nunique() - (levels - 1)
    if levels < 3 or left < 3:
        return {"note": f"{levels} levels and {len(rows)} matched cells cannot tell laws apart"}
    y = rows["log_s"] - rows["log_s"].groupby(number).transform("mean")
    misses = {law: _rss(law, y, rows[factor].astype(float), number) for law in LAWS}
    free = pd.get_dummies(rows[factor], dtype=float)
    free -= free.groupby(number).transform("mean")
    pure = float(((y - free @ np.linalg.lstsq(free, y, rcond=None)[0]) ** 2).sum())
    pure = max(pure, 1e-12 * len(rows))
    extra, spare = levels - 2, pure / left
    f_value = max(misses["log"] - pure, 0) / extra / spare
    p_value = float(f_distribution.sf(f_value, extra, left))
    bounds = noncentrality_interval(f_value, (extra, left), alpha)
    low, high = np.sqrt(np.array(bounds) * spare / len(rows))
    likelihood = {law: -len(rows) / 2 * np.log(max(miss, pure)) for law, miss in misses.items()}
    best = max(likelihood.values())
    total = sum(np.exp(value - best) for value in likelihood.values())
    weight = {law: float(np.exp(value - best) / total) for law, value in likelihood.items()}
    nearest = max(weight, key=lambda law: weight[law])
    rival = nearest != "log" and weight[nearest] >= DECISIVE
    found = "undetermined"
    if p_value < alpha and (rival or low > MARGIN):
        found = "rejected"
    elif weight["log"] >= DECISIVE and high < MARGIN:
        found = "supported"
    miss = float(np.sqrt(max(misses["log"] - pure, 0) / len(rows)))
    return {
        "effect": miss, "effect_low": float(low), "effect_high": float(high),
        "p_value": p_value, "found": found,
        "note": f"nearest of log, linear, power: {nearest} (weight {weight[nearest]:.2f}); the log "
        f"law misses its level means by {share(low)} to {share(high)} in {AXIS_WORDS[factor].name}",
    }  # fmt: skip


LAWS = {
    "log": lambda x, b: np.log1p(b * np.log(x / x.min())),
    "linear": lambda x, b: np.log1p(b * (x - x.min())),
    "power": lambda x, b: b * np.log(x),
}
"""ln of each law at its shape parameter b > 0."""


def _rss(law: str, y: pd.Series, x: pd.Series, number: pd.Series) -> float:
    """Least residual sum of squares of a law on values centred within slices."""

    level, slices, at = x.to_numpy(), number.to_numpy(), y.to_numpy()
    sizes = np.maximum(np.bincount(slices), 1)

    def miss(log_b: float) -> float:
        fitted = LAWS[law](level, np.exp(log_b))
        mean = np.bincount(slices, fitted) / sizes
        return float(((at - fitted + mean[slices]) ** 2).sum())

    coarse = np.linspace(-8, 12, 41)
    start = coarse[int(np.argmin([miss(value) for value in coarse]))]
    bounds = (start - 0.5, start + 0.5)
    return float(minimize_scalar(miss, bounds=bounds, method="bounded").fun)
