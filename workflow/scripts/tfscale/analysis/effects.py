"""Elasticities, ANOVA, equivalence, sentences, columns."""

import re
from collections.abc import Collection
from itertools import pairwise

import numpy as np
import pandas as pd
import statsmodels.formula.api as smf
from scipy.stats import t, ttest_1samp
from statsmodels.stats.anova import anova_lm
from statsmodels.stats.weightstats import ttost_paired

from tfscale.analysis.slices import (
    MARGIN,
    OWN,
    architecture,
    by_model,
    called,
    effective,
    log_ratios,
    median_variance,
    nominal_batch,
    points,
    replicates,
    shape,
    slice_names,
    slice_numbers,
    split,
    stratum,
    values,
    varying,
)
from tfscale.analysis.statistics import corrected, noncentrality_interval
from tfscale.analysis.words import level as level_words
from tfscale.files.columns import Described, bounded, count, number, text
from tfscale.words import axis_name

ELASTICITIES = Described(
    {
        **OWN,
        "factor": text("axis"),
        "slice": text("the other axes' values, or `pooled`"),
        "x_low": number("lower of the two neighbouring levels"),
        "x_high": number("upper of the two neighbouring levels"),
        **bounded("elasticity", "d ln time / d ln factor: per cent of time a per cent of factor"),
        "slices": count("slices that are pooled"),
        "interval": text("where the interval comes from: slices, replicates or none"),
    }
)
POOLED = "pooled"


def elasticities(
    cells: pd.DataFrame, confidence: float, processes: pd.DataFrame | None = None
) -> pd.DataFrame:
    """One row a slice and pair of neighbouring levels, and one pooled over slices.

    elasticity = d ln time / d ln x. Intervals are Student's t: of a pooled row over its slices
    (`interval` is "slices"), of a single one from the processes, or duplicates, of both cells
    ("replicates"), NaN where neither is known ("none"). Raises StudyError on latencies that are no
    times.
    """
    parts = []
    for (machine, model), table in split(cells):
        known = replicates(table, processes)
        for factor in varying(table):
            pairs = _pairs(table, known, factor, confidence)
            if len(pairs):
                both = pd.concat([_pooled(pairs, confidence), pairs], ignore_index=True)
                parts.append(both.assign(machine=machine, model=model, factor=factor))
    found = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()
    return found.reindex(columns=ELASTICITIES.names)


def _pairs(
    cells: pd.DataFrame, known: pd.DataFrame, factor: str, confidence: float
) -> pd.DataFrame:
    """Neighbouring levels of every slice along `factor`."""
    numbers = slice_numbers(cells, factor)
    known = known.assign(x=called(cells, factor), number=numbers, latency_s=cells["latency_s"])
    table = points(known, ["number", "x"]).reset_index()
    above, same = table.shift(-1), table["number"].eq(table["number"].shift(-1))
    ratio = np.log(above["x"] / table["x"])
    freedom = table["df"] + above["df"]
    variance = median_variance(known) * (table["ss"] + above["ss"]) / freedom.where(freedom > 0)
    error = np.sqrt(variance * (1 / table["processes"] + 1 / above["processes"]))
    value = (above["log_s"] - table["log_s"]) / ratio
    margin = t.ppf((1 + confidence) / 2, freedom.where(freedom > 0)) * error / ratio
    pairs = pd.DataFrame(
        {
            "number": table["number"],
            "x_low": table["x"],
            "x_high": above["x"],
            "elasticity": value,
            "elasticity_low": value - margin,
            "elasticity_high": value + margin,
            "slices": 1,
            "interval": np.where(np.isnan(margin), "none", "replicates"),
        }
    )[same]
    names = slice_names(cells, factor).groupby(numbers).first()
    return pairs.assign(slice=pairs["number"].map(names)).drop(columns="number")


def _pooled(pairs: pd.DataFrame, confidence: float) -> pd.DataFrame:
    """The mean over slices of each pair of levels."""
    pooled = pairs.groupby(["x_low", "x_high"])["elasticity"].agg(["mean", "sem", "size"])
    freedom = (pooled["size"] - 1).where(pooled["size"] > 1)
    margin = t.ppf((1 + confidence) / 2, freedom) * pooled["sem"]
    return pd.DataFrame(
        {
            "slice": POOLED,
            "elasticity": pooled["mean"],
            "elasticity_low": pooled["mean"] - margin,
            "elasticity_high": pooled["mean"] + margin,
            "slices": pooled["size"],
            "interval": np.where(margin.isna(), "none", "slices"),
        }
    ).reset_index()


ANOVA = Described(
    {
        **OWN,
        "term": text("an axis, its square (`depth^2`) or a product (`depth x width`)"),
        "cells": count("cells of the fit"),
        "degrees": count("degrees of freedom of the term"),
        "sum_of_squares": number("type-II sum of squares of ln time"),
        "f_value": number("F with HC3 covariance"),
        "p_value": number("p of that F"),
        "omega_squared": number("share of the variance of ln time (ω²)"),
        "omega_low": number("lower end of the interval of `omega_squared`"),
        "omega_high": number("upper end of the interval of `omega_squared`"),
        "p_clustered": number("p with covariance clustered by architecture"),
        "architectures": count("architectures among the cells"),
        "verdict": text("explains, undetermined, or not testable"),
    }
)
FEWEST_FREE = 3


def anova(cells: pd.DataFrame, confidence: float) -> pd.DataFrame:
    """One row a machine, model and term of ln time on the axes, their products and squares.

    Axes with an order enter as centred logarithms (`depth`), with squares where they have three
    levels (`depth^2`, of which the straight part is taken out, so that it stays with `depth`) and
    all products of two (`depth x width`); axes without an order as levels. p_value is the
    type-II F test with HC3 covariance; p_clustered that of the coefficients clustered by
    architecture (NaN with too few architectures). omega_squared is the share of the
    variance, (SS - df MSE) / (SS_total + MSE) (Hays 1963), its interval by inversion of the
    noncentral F (Steiger 2004), which takes all other differences for noise. A table with too few
    cells has one row, whose verdict is "not testable".
    """
    rows = []
    for machine, model, table in by_model(cells):
        head = {"machine": machine, "model": model, "cells": len(table)}
        rows += [head | row for row in _terms(table, 1 - confidence)]
    return pd.DataFrame(rows, columns=ANOVA.names)


def _terms(table: pd.DataFrame, alpha: float) -> list[dict]:
    formula, names = _formula(table)
    if formula is None:
        return [{"verdict": f"not testable with {len(table)} cells" if names else "nothing varies"}]
    if np.ptp(table["log_s"]) <= 1e-12:
        return [{"verdict": "not testable: all times are equal"}]
    data = _trends(table, names)
    fit = smf.ols(formula, data).fit()
    classical, robust = anova_lm(fit, typ=2), anova_lm(fit, typ=2, robust="hc3")
    clustered, count = _clustered(fit, architecture(table))
    total = float(((data["log_s"] - data["log_s"].mean()) ** 2).sum())
    spare = fit.mse_resid
    rows = []
    for term in robust.index.drop("Residual"):
        degrees, square = classical.loc[term, "df"], classical.loc[term, "sum_sq"]
        low, high = share_interval(square, degrees, total, len(table), alpha)
        p_value = float(robust.loc[term, "PR(>F)"])
        rows.append(
            {
                "term": _term(term),
                "degrees": int(degrees),
                "sum_of_squares": square,
                "f_value": robust.loc[term, "F"],
                "p_value": p_value,
                "omega_squared": (square - degrees * spare) / (total + spare),
                "omega_low": low,
                "omega_high": high,
                "p_clustered": clustered.get(term, np.nan),
                "architectures": count,
                "verdict": "explains" if p_value < alpha else "undetermined",
            }
        )
    return rows


def _formula(table: pd.DataFrame) -> tuple[str | None, list[str]]:
    """The largest of three designs that the cells can carry: full, without squares, axes alone."""
    axes, levels = effective(table), values(table)
    plain = [f"ln_{axis}" for axis in axes] + [f"C({axis})" for axis in levels]
    squares = [f"square_{axis}" for axis in axes if table[axis].nunique() > 2]
    crossed = [f"{a}:{b}" for n, a in enumerate(plain) for b in plain[n + 1 :]]
    data = _trends(table, axes)
    for terms in (plain + crossed + squares, plain + crossed, plain):
        if not terms:
            break
        formula = "log_s ~ " + " + ".join(terms)
        design = smf.ols(formula, data).exog
        full = np.linalg.matrix_rank(design) == design.shape[1]
        if full and len(table) - design.shape[1] >= FEWEST_FREE:
            return formula, axes
    return None, axes + levels


def _clustered(fit, clusters: pd.Series) -> tuple[dict[str, float], int]:
    """p of each term with covariance clustered by architecture, and the number of those."""
    count = clusters.nunique()
    if count < 2 or count <= fit.df_model:
        return {}, count
    robust = fit.get_robustcov_results("cluster", groups=clusters.to_numpy(), use_t=True)
    tests = robust.wald_test_terms(scalar=True).table
    return tests["pvalue"].drop("Intercept", errors="ignore").astype(float).to_dict(), count


def share_interval(
    square: float, degrees: float, total: float, count: int, alpha: float
) -> tuple[float, float]:
    """Bounds of a sum of squares' share of the variance; NaN where nothing is left to scatter."""
    left = count - 1 - degrees
    if left < 1 or total - square <= 1e-12 * total:
        return np.nan, np.nan
    f_value = square / degrees / ((total - square) / left)
    low, high = noncentrality_interval(f_value, (degrees, left), alpha)
    return low / (low + count), high / (high + count)


def _trends(table: pd.DataFrame, axes: list[str]) -> pd.DataFrame:
    """The table with each axis's centred logarithm, and its square without the straight part."""
    columns: dict[str, pd.Series] = {}
    for axis in axes:
        x = np.log(table[axis]) - np.log(table[axis]).mean()
        columns |= {f"ln_{axis}": x, f"square_{axis}": x**2 - np.polyval(np.polyfit(x, x**2, 1), x)}
    return table.assign(**columns)


def _term(name: str) -> str:
    if name.startswith("square_"):
        return name.removeprefix("square_") + "^2"
    return re.sub(r"\bln_|\bC\(|\)", "", name).replace(":", " x ")


EQUIVALENCE = Described(
    {
        **OWN,
        "factor": text("axis"),
        "base": number("level that is compared with"),
        "level": number("level that is compared"),
        "stratum": text("matched cells: those of one level of another axis, or `all`"),
        "pairs": count("matched pairs"),
        **bounded("ratio", "geometric mean of the time of a pass at `level` over that at `base`"),
        "p_equivalence": number("p of the two one-sided tests (TOST)"),
        "p_difference": number("p of the paired t test"),
        "p_holm": number("the same, corrected over the rows of the factor (Holm)"),
        "verdict": text("equivalent (within 10 %), different, undetermined or not testable"),
    }
)
ALL = "all"


def equivalence(
    cells: pd.DataFrame,
    confidence: float,
    factors: Collection[str] | None = None,
) -> pd.DataFrame:
    """One row a machine, model, factor (of `factors`, or every one), pair of neighbouring levels
    (and the two ends) and stratum.

    Cells that differ in nothing but the factor are matched; `ratio` is the geometric mean of time
    at `level` over that at `base`. A stratum holds the family's first varying axis
    (for that factor itself, the second) fixed: effects of opposite sign may cancel in all cells
    together. Pairs of one architecture that differ in a batch size which never reached the model
    are averaged first in the stratum `all`. p_equivalence is TOST's (Schuirmann 1987) against
    1 / 1.1 to 1.1, p_difference the paired t test's, p_holm the same over the rows
    of the factor; the interval has the coverage that goes with TOST, 1 - 2 alpha. Verdict:
    equivalent, different (p_holm < alpha and not equivalent), undetermined, not testable.
    """
    rows = []
    for machine, model, table in by_model(cells):
        for factor in [axis for axis in effective(table) if factors is None or axis in factors]:
            head = {"machine": machine, "model": model, "factor": factor}
            found = pd.DataFrame(_factor(table, factor, 1 - confidence))
            found["p_holm"] = corrected(found["p_difference"])
            found["verdict"] = [_verdict(row, 1 - confidence) for _, row in found.iterrows()]
            rows += [head | row for row in found.to_dict("records")]
    return pd.DataFrame(rows, columns=EQUIVALENCE.names)


def no_effect(table: pd.DataFrame) -> pd.DataFrame:
    """One row a machine, model and factor: whether the factor makes no difference anywhere.

    Equivalent when every row is (intersection-union: no correction), different when one is; the
    effect shown is that of the greatest difference.
    """
    rows = []
    for keys, group in table.groupby(["machine", "model", "factor"], sort=False):
        made = group[group["verdict"] != "not testable"]
        verdicts = set(made["verdict"])
        verdict = "undetermined"
        if not verdicts:
            verdict = "not testable"
        elif "different" in verdicts:
            verdict = "different"
        elif verdicts == {"equivalent"}:
            verdict = "equivalent"
        worst = made[made["verdict"] == "different"] if verdict == "different" else made
        sized = worst["ratio"].where(worst["pairs"] > 1)
        place = np.log(sized).abs().idxmax() if sized.notna().any() else group.index[0]
        row = table.loc[place].to_dict() | {"verdict": verdict}
        row["p_equivalence"] = made["p_equivalence"].max() if len(made) else np.nan
        rows.append(dict(zip(("machine", "model", "factor"), keys, strict=True)) | row)
    return pd.DataFrame(rows, columns=EQUIVALENCE.names)


def _factor(table: pd.DataFrame, factor: str, alpha: float) -> list[dict]:
    levels = sorted(table[factor].unique().tolist())
    steps = list(pairwise(levels)) + ([(levels[0], levels[-1])] if len(levels) > 2 else [])
    held = stratum(table, factor)
    rows = []
    for base, level in steps:
        pairs = log_ratios(table, factor, base, level)
        whole = pairs
        if nominal_batch(table):
            others = [axis for axis in shape(table) if axis != factor]
            whole = pairs.groupby(others, as_index=False)[["base_log_s", "level_log_s"]].mean()
        parts = [(ALL, whole)]
        if held and pairs[held].nunique() > 1:
            by_level = pairs.groupby(held)
            parts += [(f"{axis_name(held)} {level_words(at)}", part) for at, part in by_level]
        for where, part in parts:
            rows.append(
                {"base": base, "level": level, "stratum": where, "pairs": len(part)}
                | tost(part["base_log_s"], part["level_log_s"], alpha)
            )
    return rows


def tost(base: pd.Series, level: pd.Series, alpha: float) -> dict:
    """Ratio, interval (1 - 2 alpha) and both p-values of paired logarithms of time; NaN with fewer
    than two pairs, and no p-value where all pairs agree exactly."""
    ratio = level.to_numpy() - base.to_numpy()
    found = dict.fromkeys(
        ("ratio", "ratio_low", "ratio_high", "p_equivalence", "p_difference"), np.nan
    )
    if not len(ratio):
        return found
    found["ratio"] = float(np.exp(ratio.mean()))
    if len(ratio) < 2 or np.ptp(ratio) <= 1e-12:
        return found
    bound = np.log1p(MARGIN)
    half = t.ppf(1 - alpha, len(ratio) - 1) * ratio.std(ddof=1) / np.sqrt(len(ratio))
    return found | {
        "ratio_low": float(np.exp(ratio.mean() - half)),
        "ratio_high": float(np.exp(ratio.mean() + half)),
        "p_equivalence": float(ttost_paired(level.to_numpy(), base.to_numpy(), -bound, bound)[0]),
        "p_difference": float(ttest_1samp(ratio, 0).pvalue),
    }


def _verdict(row: pd.Series, alpha: float) -> str:
    if not np.isfinite(row["p_equivalence"]):
        return "not testable"
    if row["p_equivalence"] < alpha:
        return "equivalent"
    return "different" if row["p_holm"] < alpha else "undetermined"
