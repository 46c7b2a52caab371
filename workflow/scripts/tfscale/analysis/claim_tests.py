"""The tests behind the paper's claims."""

from typing import Any

import numpy as np
import pandas as pd
import statsmodels.api as sm
import statsmodels.formula.api as smf
from scipy.stats import f as f_distribution
from scipy.stats import ncf, t, ttest_1samp
from statsmodels.stats.anova import anova_lm

from tfscale.analysis.effects import equivalence, no_effect, share_interval
from tfscale.analysis.law_fits import FORMS, LAWS, Levels, fit
from tfscale.analysis.scatter import spread
from tfscale.analysis.slices import (
    MARGIN,
    any_difference,
    architecture,
    effective,
    level_matrix,
    log_ratios,
    nominal_batch,
    shape,
    slice_number,
    values,
)
from tfscale.analysis.statistics import corrected, noncentrality_interval
from tfscale.units import percent
from tfscale.words import axis_name, p_words, share

Found = dict[str, Any]
"""effect, effect_low, effect_high, p_value, `found` (the verdict if p stands the correction) and
note; or only a note that says why there is no test."""
DRIVEN = 0.5
ALIKE = 0.1
FEWEST = 3
DECISIVE = 0.9


def driven_by(table: pd.DataFrame, alpha: float, axis: str) -> Found:
    """Whether the levels of an axis explain more than half of the variance of ln time.

    Noncentral F with noncentrality n at the boundary, all else taken for noise (Steiger 2004).
    """
    axes = effective(table)
    count, degrees = len(table), table[axis].nunique() - 1
    terms = " + ".join(f"C({name})" for name in axes + values(table))
    if axis not in axes or count - 1 - degrees < FEWEST:
        return {"note": f"{len(table)} cells, {degrees + 1} levels of {axis_name(axis)}"}
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
    work = np.log(table["flop_per_example"])
    alone = smf.ols("log_s ~ work + square", table.assign(work=work, square=work**2)).fit()
    more = table.groupby(axis)["flop_per_example"].mean()
    name = axis_name(axis)
    return {
        "effect": (square - degrees * noise) / (total + noise),
        "effect_low": low,
        "effect_high": high,
        "p_value": float(min(above, 1 - above)),
        "found": "supported" if above < 0.5 else "rejected",
        "note": f"{name} stand for work, which rises {more.iloc[-1] / more.iloc[0]:.3g} times with "
        f"them: a curve in ln FLOP alone explains {share(alone.rsquared)}",
    }


def scatter(
    table: pd.DataFrame,
    alpha: float,
    factor: str,
    how: tuple[str, str],
    repeats: pd.DataFrame | None = None,
) -> Found:
    """Whether the scatter grows with a factor: Brown-Forsythe and the ratio of the ends; `how` are
    scale and basis of `spread`."""
    scale, basis = how
    found = spread(table, 1 - alpha, repeats, factors=[factor])
    chosen = (found["scale"] == scale) & (found["basis"] == basis)
    if table[factor].nunique() < 2:
        return {"note": f"{axis_name(factor)} does not vary"}
    if not chosen.any():
        return {"note": "no row repeats another one"}
    row = found[chosen].iloc[0]
    if not np.isfinite(row["brown_forsythe_p"]):
        return {"note": row["verdict"].removeprefix("not testable: ")}
    verdict = {"grows": "supported", "shrinks": "rejected"}.get(row["verdict"], "undetermined")
    return {
        "effect": row["ratio"],
        "effect_low": row["ratio_low"],
        "effect_high": row["ratio_high"],
        "p_value": row["brown_forsythe_p"],
        "found": verdict,
        "note": f"{row['verdict']} from {row['lowest']:g} to {row['highest']:g} if it were the "
        f"only test; Breusch-Pagan {p_words(row['breusch_pagan_p'])}",
    }


def alike(table: pd.DataFrame, alpha: float, first: str, second: str) -> Found:
    """Whether two axes are equally correlated (Pearson) with the time in seconds.

    r_first - r_second is the mean of standardised time times the difference of the standardised
    axes; it is a contrast of the cell means of `level_matrix`, tested with HC3. The grid is taken
    as given, the uncertainty is that of repeated rows. Alike: within 0.1.
    """
    design = level_matrix(table)
    if design is None or table[first].nunique() < 2 or table[second].nunique() < 2:
        return {"note": "too few cells, or one of both axes does not vary"}
    scaled = {
        name: (table[name] - table[name].mean()) / table[name].std(ddof=0)
        for name in (first, second, "time_s")
    }
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
    correlations = ", ".join(f"{axis_name(name)} {value:.2f}" for name, value in by.items())
    return {
        "effect": effect,
        "effect_low": low,
        "effect_high": high,
        "p_value": min(apart, same),
        "found": "supported" if same < apart else "rejected",
        "note": f"Pearson with the time: {correlations}; "
        f"{architecture(table).nunique()} architectures",
    }


def no_difference(
    table: pd.DataFrame,
    alpha: float,
    factor: str,
    repeats: pd.DataFrame | None = None,
) -> Found:
    """Whether a factor makes no difference in any stratum: equivalence in matched slices, round by
    round where there are repeats.

    Supported when TOST stands in every stratum. Rejected when the levels differ (`any_difference`)
    and the greatest ratio's interval lies beyond the margin.
    """
    if factor == "batch_size" and nominal_batch(table):
        return {
            "note": "the batch size never reached the model: "
            f"every call had {table['called_batch'].iloc[0]} examples"
        }
    rows = table if repeats is None else repeats
    tests = equivalence(rows, 1 - alpha, factors=[factor])
    if tests.empty:
        return {"note": f"{axis_name(factor)} does not vary"}
    row = no_effect(tests).iloc[0]
    if row["verdict"] == "not testable":
        return {"note": "too few matched pairs that scatter"}
    different = any_difference(table, factor)
    if not np.isfinite(different):
        different = tests["p_holm"].min()
    beyond = row["ratio_low"] > 1 + MARGIN or row["ratio_high"] < 1 / (1 + MARGIN)
    rejects = row["verdict"] != "equivalent" and beyond
    found = "supported" if row["verdict"] == "equivalent" else "undetermined"
    return {
        "effect": row["ratio"],
        "effect_low": row["ratio_low"],
        "effect_high": row["ratio_high"],
        "p_value": different if rejects else row["p_equivalence"],
        "found": "rejected" if rejects else found,
        "note": f"greatest ratio, {row['base']:g} to {row['level']:g} at {row['stratum']}; "
        f"equivalence at {percent(MARGIN)} {p_words(row['p_equivalence'])}",
    }


def faster(
    table: pd.DataFrame,
    alpha: float,
    factor: str,
    levels: tuple[float, float],
    repeats: pd.DataFrame | None = None,
) -> Found:
    """Whether the second level is faster than the first in general: on average over the
    architectures, and slower at no number of layers (paired t tests with Holm over those)."""
    base, level = levels
    if not {base, level} <= set(table[factor]):
        return {"note": f"needs {axis_name(factor)} {base:g} and {level:g}"}
    pairs = log_ratios(table if repeats is None else repeats, factor, base, level)
    pairs["ratio"] = pairs["level_log_s"] - pairs["base_log_s"]
    others = [axis for axis in shape(table) if axis != factor]
    whole = pairs.groupby(others)["ratio"].mean() if nominal_batch(table) else pairs["ratio"]
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
    by_layers = ", ".join(
        f"{np.exp(value):.3g} at {depth}" for depth, value in strata.mean().items()
    )
    return {
        "effect": effect,
        "effect_low": low,
        "effect_high": high,
        "p_value": worst if contrary else on_average,
        "found": "rejected" if contrary else "supported",
        "note": f"ratio by layers: {by_layers}" + ("; slower at some" if contrary else ""),
    }


def logarithmic(table: pd.DataFrame, alpha: float, factor: str) -> Found:
    """Time = scale of the slice x law of the factor, on the logarithm of time.

    The effect is the log law's root mean square distance from free level means, its interval by the
    noncentral F of the lack-of-fit test (Draper and Smith 1998, 2.1); log, linear and power have
    one shape parameter each. Rejected: it misses the levels, and a rival has an Akaike weight of
    0.9 or the miss is surely over 10 %. Supported: its own weight is 0.9 and the miss surely under
    10 %; then p is that of a miss of 10 % or more.
    """
    number = slice_number(table, factor)
    used = table.groupby(number)[factor].transform("nunique") > 1
    rows, number = table[used], number[used]
    count, level_count = len(rows), rows[factor].nunique()
    left = count - number.nunique() - (level_count - 1)
    if level_count < 3 or left < 3:
        return {"note": f"{level_count} levels and {count} matched cells cannot tell laws apart"}
    levels = Levels(rows[factor].to_numpy(float), number.to_numpy())
    log_s = rows["log_s"].to_numpy()
    misses = {law: fit(FORMS[law], levels, log_s).rss for law in LAWS}
    pure = max(float(levels.reduced(log_s)[1]), 1e-12 * count)
    extra, spare = level_count - 2, pure / left
    f_value = max(misses["log"] - pure, 0) / extra / spare
    p_value = float(f_distribution.sf(f_value, extra, left))
    bounds = noncentrality_interval(f_value, (extra, left), alpha)
    low, high = np.sqrt(np.array(bounds) * spare / count)
    likelihood = -count / 2 * np.log(np.maximum(list(misses.values()), pure))
    shares = np.exp(likelihood - likelihood.max())
    weight = dict(zip(LAWS, (shares / shares.sum()).tolist(), strict=True))
    nearest = max(weight, key=lambda law: weight[law])
    rival = nearest != "log" and weight[nearest] >= DECISIVE
    found = "undetermined"
    if p_value < alpha and (rival or low > MARGIN):
        found = "rejected"
    elif weight["log"] >= DECISIVE and high < MARGIN:
        found = "supported"
        at_margin = count * MARGIN**2 / spare
        p_value = float(np.nan_to_num(ncf.cdf(f_value, extra, left, at_margin)))
    return {
        "effect": float(np.sqrt(max(misses["log"] - pure, 0) / count)),
        "effect_low": float(low),
        "effect_high": float(high),
        "p_value": p_value,
        "found": found,
        "note": f"nearest of log, linear, power: {nearest} (weight {weight[nearest]:.2f}); the log "
        f"law misses its level means by {share(low)} to {share(high)} in {axis_name(factor)}",
    }
