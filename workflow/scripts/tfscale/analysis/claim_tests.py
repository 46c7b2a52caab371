"""The tests behind the paper's claims: each takes the rows of one model on one machine."""

from typing import Any

import numpy as np
import pandas as pd
import statsmodels.api as sm
import statsmodels.formula.api as smf
from scipy.stats import ncf, t
from statsmodels.stats.anova import anova_lm

from tfscale.analysis.anova import share_interval
from tfscale.analysis.design import architecture, effective, level_matrix, positive, values
from tfscale.analysis.spread import spread
from tfscale.axis_words import AXIS_WORDS
from tfscale.phrases import p_words, share

Found = dict[str, Any]
"""effect, effect_low, effect_high, p_value, `found` (the verdict if p stands the correction) and
note; or only a note that says why there is no test."""
DRIVEN = 0.5
ALIKE = 0.1
FEWEST = 3


def driven_by(table: pd.DataFrame, alpha: float, axis: str) -> Found:
    """Whether the levels of an axis explain more than half of the variance of ln time.

    Noncentral F with noncentrality n at the boundary, all else taken for noise (Steiger 2004).
    """
    axes = effective(table)
    count, degrees = len(table), table[axis].nunique() - 1
    terms = " + ".join(f"C({name})" for name in axes + values(table))
    if axis not in axes or count - 1 - degrees < FEWEST:
        return {"note": f"{len(table)} cells, {degrees + 1} levels of {AXIS_WORDS[axis].name}"}
    if np.ptp(table["log_s"]) <= 1e-12:
        return {"note": "all times are equal"}
    fit = smf.ols(f"log_s ~ {terms}", table).fit()
    effects = fit.model.exog.shape[1]
    if np.linalg.matrix_rank(fit.model.exog) < effects or fit.df_resid < 1:
        return {"note": f"{len(table)} cells cannot tell {effects - 1} effects of the axes apart"}
    squares = anova_lm(fit, typ=2)["sum_sq"]
    total = float(((table["log_s"] - table["log_s"].mean()) ** 2).sum())
    square = min(float(squares[f"C({axis})"]), total * (1 - 1e-9))
    left = count - 1 - degrees
    noise = (total - square) / left
    low, high = share_interval(square, degrees, total, count, alpha)
    above = ncf.sf(square / degrees / noise, degrees, left, count * DRIVEN / (1 - DRIVEN))
    work = np.log(positive(table, "flop_per_example"))
    alone = smf.ols("log_s ~ work + square", table.assign(work=work, square=work**2)).fit()
    more = table.groupby(axis)["flop_per_example"].mean()
    name = AXIS_WORDS[axis].name
    return {
        "effect": (square - degrees * noise) / (total + noise), "effect_low": low,
        "effect_high": high, "p_value": float(min(above, 1 - above)),
        "found": "supported" if above < 0.5 else "rejected",
        "note": f"{name} stand for work, which rises {more.iloc[-1] / more.iloc[0]:.3g} times with "
        f"them: a curve in ln FLOP alone explains {share(alone.rsquared)}",
    }  # fmt: skip


def scatter(
    table: pd.DataFrame, alpha: float, factor: str, scale: str, basis: str,
    visits: pd.DataFrame | None,
) -> Found:  # fmt: skip
    """Whether the scatter grows with a factor: Brown-Forsythe and the ratio of the ends."""
    found = spread(table, 1 - alpha, visits, factors=[factor])
    chosen = (found["scale"] == scale) & (found["basis"] == basis)
    if table[factor].nunique() < 2:
        return {"note": f"{AXIS_WORDS[factor].name} does not vary"}
    if not chosen.any():
        return {"note": "no row repeats another one"}
    row = found[chosen].iloc[0]
    if not np.isfinite(row["brown_forsythe_p"]):
        return {"note": row["verdict"].removeprefix("not testable: ")}
    verdict = {"grows": "supported", "shrinks": "rejected"}.get(row["verdict"], "undetermined")
    return {
        "effect": row["ratio"], "effect_low": row["ratio_low"], "effect_high": row["ratio_high"],
        "p_value": row["brown_forsythe_p"], "found": verdict,
        "note": f"{row['verdict']} from {row['lowest']:g} to {row['highest']:g} if it were the "
        f"only test; Breusch-Pagan {p_words(row['breusch_pagan_p'])}",
    }  # fmt: skip


def alike(table: pd.DataFrame, alpha: float, first: str, second: str) -> Found:
    """Whether two axes are equally correlated (Pearson) with the time in seconds.

    r_first - r_second is the mean of standardised time times the difference of the standardised
    axes; it is a contrast of the cell means of `level_design`, tested with HC3. The grid is taken
    as given, the uncertainty is that of repeated rows. Alike: within 0.1.
    """
    design = level_matrix(table)
    if design is None or table[first].nunique() < 2 or table[second].nunique() < 2:
        return {"note": "too few cells, or one of both axes does not vary"}
    scaled = {name: (table[name] - table[name].mean()) / table[name].std(ddof=0)
              for name in (first, second, "time_s")}  # fmt: skip
    fit = sm.OLS(scaled["time_s"], design).fit()
    if fit.ssr <= 1e-20 * len(table):
        return {"note": "repeated rows are all equal"}
    contrast = (scaled[first] - scaled[second]).to_numpy() @ design.to_numpy() / len(table)
    test = fit.get_robustcov_results("HC3", use_t=True).t_test(contrast)
    effect, error = float(test.effect[0]), float(test.sd.item())
    low, high = test.conf_int(alpha=alpha)[0]
    apart = float(test.pvalue)
    same = float(t.sf((ALIKE - abs(effect)) / error, fit.df_resid))
    by = {name: float((scaled[name] * scaled["time_s"]).mean()) for name in (first, second)}
    said = ", ".join(f"{AXIS_WORDS[name].name} {value:.2f}" for name, value in by.items())
    return {
        "effect": effect, "effect_low": low, "effect_high": high, "p_value": min(apart, same),
        "found": "supported" if same < apart else "rejected",
        "note": f"Pearson with the time: {said}; {architecture(table).nunique()} architectures",
    }  # fmt: skip
