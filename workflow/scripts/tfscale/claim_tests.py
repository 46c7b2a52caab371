"""The tests behind the paper's claims: each takes the rows of one model on one machine."""

from typing import Any

import numpy as np
import pandas as pd
import statsmodels.formula.api as smf
from scipy.stats import ncf, t, ttest_1samp
from statsmodels.stats.anova import anova_lm

from tfscale.anova import share_interval
from tfscale.axes import AXES
from tfscale.axis_words import AXIS_WORDS
from tfscale.design import SHAPE, architecture, effective, level_design, nominal_batch, values
from tfscale.equivalence import equivalence, log_ratios, no_effect
from tfscale.many_tests import corrected
from tfscale.phrases import p_words, share, times
from tfscale.spread import spread

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
    fit = smf.ols(f"log_s ~ {terms}", table).fit()
    squares = anova_lm(fit, typ=2)["sum_sq"]
    total = float(((table["log_s"] - table["log_s"].mean()) ** 2).sum())
    square = min(float(squares[f"C({axis})"]), total * (1 - 1e-9))
    left = count - 1 - degrees
    noise = (total - square) / left
    low, high = share_interval(square, degrees, total, count, alpha)
    above = ncf.sf(square / degrees / noise, degrees, left, count * DRIVEN / (1 - DRIVEN))
    work = np.log(table["flop_per_example"].astype(float))
    alone = smf.ols("log_s ~ work + square", table.assign(work=work, square=work**2)).fit()
    more = table.groupby(axis)["flop_per_example"].mean()
    return {
        "effect": (square - degrees * noise) / (total + noise), "effect_low": low,
        "effect_high": high, "p_value": float(min(above, 1 - above)),
        "found": "supported" if above < 0.5 else "rejected",
        "note": f"{AXIS_WORDS[axis].name} stand for work, which rises {more.iloc[-1] / more.iloc[0]:.3g}"
        f" times with them: a curve in ln FLOP alone explains {share(alone.rsquared)}",
    }  # fmt: skip


def scatter(table: pd.DataFrame, alpha: float, factor: str, scale: str, basis: str) -> Found:
    """Whether the scatter grows with a factor: Brown-Forsythe and the ratio of the ends."""
    found = spread(table, 1 - alpha)
    chosen = (found["factor"] == factor) & (found["scale"] == scale) & (found["basis"] == basis)
    if not chosen.any():
        return {
            "note": f"{AXIS_WORDS[factor].name} does not vary, or no row repeats an architecture"
        }
    row = found[chosen].iloc[0]
    if not np.isfinite(row["brown_forsythe_p"]):
        return {"note": row["verdict"].removeprefix("not testable: ")}
    verdict = {"grows": "supported", "shrinks": "rejected"}.get(row["verdict"], "undetermined")
    return {
        "effect": row["ratio"], "effect_low": row["ratio_low"], "effect_high": row["ratio_high"],
        "p_value": row["brown_forsythe_p"], "found": verdict,
        "note": f"{row['verdict']} from {row['lowest']:g} to {row['highest']:g}; "
        f"Breusch-Pagan {p_words(row['breusch_pagan_p'])}",
    }  # fmt: skip


def no_difference(table: pd.DataFrame, alpha: float, factor: str, margin: float) -> Found:
    """Whether a factor makes no difference in any stratum: equivalence in matched slices."""
    if factor == "batch_size" and nominal_batch(table):
        return {
            "note": "the batch size never reached the model: "
            f"every call had {table['called_batch'].iloc[0]} examples"
        }
    tests = equivalence(table, 1 - alpha, margin)
    tests = tests[tests["factor"] == factor]
    if tests.empty:
        return {"note": f"{AXIS_WORDS[factor].name} does not vary"}
    row = no_effect(tests).iloc[0]
    if row["verdict"] == "not testable":
        return {"note": "too few matched pairs"}
    different = tests["p_holm"].min()
    rejects = row["verdict"] == "different" or different < row["p_equivalence"]
    return {
        "effect": row["ratio"], "effect_low": row["ratio_low"], "effect_high": row["ratio_high"],
        "p_value": different if rejects else row["p_equivalence"],
        "found": {"different": "rejected", "equivalent": "supported"}.get(
            row["verdict"], "undetermined"
        ),
        "note": f"greatest ratio, {row['base']:g} to {row['level']:g} at {row['stratum']}; "
        f"equivalence at {margin:.0%} {p_words(row['p_equivalence'])}",
    }  # fmt: skip


def faster(table: pd.DataFrame, alpha: float, factor: str, base: float, level: float) -> Found:
    """Whether `level` is faster than `base` in general: on average over the architectures, and
    slower at no number of layers (paired t tests with Holm over those)."""
    if not {base, level} <= set(table[factor]):
        return {"note": f"needs {AXIS_WORDS[factor].name} {base:g} and {level:g}"}
    pairs = log_ratios(table, factor, base, level)
    pairs["ratio"] = pairs["level_log_s"] - pairs["base_log_s"]
    shape = [axis for axis in SHAPE if axis != factor]
    whole = pairs.groupby(shape)["ratio"].mean() if nominal_batch(table) else pairs["ratio"]
    if len(whole) < FEWEST or np.ptp(whole) <= 1e-12:
        return {"note": f"{len(whole)} matched pairs that differ"}
    strata = pairs.groupby("layers")["ratio"]
    scattered = strata.agg(lambda part: len(part) > 1 and np.ptp(part) > 1e-12).astype(bool)
    slower = strata.agg(
        lambda part: (
            ttest_1samp(part, 0, alternative="greater").pvalue
            if len(part) > 1 and np.ptp(part) > 1e-12
            else np.nan
        )
    )
    worst = np.nanmin(corrected(slower)) if scattered.any() else np.nan
    on_average = float(ttest_1samp(whole, 0, alternative="less").pvalue)
    margin = t.ppf(1 - alpha / 2, len(whole) - 1) * whole.std() / np.sqrt(len(whole))
    effect, low, high = np.exp([whole.mean(), whole.mean() - margin, whole.mean() + margin])
    contrary = worst < alpha
    said = ", ".join(f"{np.exp(value):.3g} at {depth}" for depth, value in strata.mean().items())
    return {
        "effect": effect, "effect_low": low, "effect_high": high,
        "p_value": worst if contrary else on_average,
        "found": "rejected" if contrary else "supported",
        "note": f"ratio by layers: {said}" + ("; slower at some" if contrary else ""),
    }  # fmt: skip


def alike(table: pd.DataFrame, alpha: float, first: str, second: str) -> Found:
    """Whether two axes are equally correlated (Pearson) with the time in seconds.

    r_first - r_second is the mean of standardised time times the difference of the standardised
    axes; it is a contrast of the cell means of `level_design`, tested with HC3. The grid is taken
    as given, the uncertainty is that of repeated rows. Alike: within 0.1.
    """
    right = level_design(table)
    if right is None or table[first].nunique() < 2 or table[second].nunique() < 2:
        return {"note": "too few cells, or one of both axes does not vary"}
    scaled = {name: (table[name] - table[name].mean()) / table[name].std(ddof=0)
              for name in (first, second, "time_s")}  # fmt: skip
    fit = smf.ols(f"y ~ {right}", table.assign(y=scaled["time_s"])).fit()
    if fit.ssr <= 1e-20 * len(table):
        return {"note": "repeated rows are all equal"}
    contrast = (scaled[first] - scaled[second]).to_numpy() @ fit.model.exog / len(table)
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


def slice_number(table: pd.DataFrame, factor: str) -> pd.Series:
    """The number of each row's slice along a factor: all other axes are equal in it."""
    return table.groupby([axis for axis in AXES if axis != factor], sort=False).ngroup()
