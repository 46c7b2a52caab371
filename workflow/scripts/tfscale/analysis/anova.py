"""Which factor explains how much of the differences in time: for attribution, not prediction."""

import re

import numpy as np
import pandas as pd
import statsmodels.formula.api as smf
from statsmodels.stats.anova import anova_lm

from tfscale.analysis.design import PASS, architecture, by_model, effective, values
from tfscale.analysis.noncentral import noncentrality_interval

COLUMNS = (
    "machine", "model", "term", "cells", "degrees", "sum_of_squares", "f_value", "p_value",
    "omega_squared", "omega_low", "omega_high", "p_clustered", "architectures", "verdict",
)  # fmt: skip
FEWEST_FREE = 3


def anova(cells: pd.DataFrame, confidence: float, time: str = PASS) -> pd.DataFrame:
    """One row a machine, model and term of ln time on the axes, their products and squares.

    Axes with an order enter as centred logarithms (`layers`), with squares where they have three
    levels (`layers^2`, of which the straight part is taken out, so that it stays with `layers`) and
    all products of two (`layers x conv_size`); axes without an order as levels. p_value is the
    type-II F test with HC3 covariance; p_clustered that of the coefficients clustered by
    architecture (NaN with too few architectures). omega_squared is the share of the
    variance, (SS - df MSE) / (SS_total + MSE) (Hays 1963), its interval by inversion of the
    noncentral F (Steiger 2004), which takes all other differences for noise. A table with too few
    cells has one row, whose verdict is "not testable".
    """
    rows = []
    for machine, model, table in by_model(cells, time):
        head = {"machine": machine, "model": model, "cells": len(table)}
        rows += [head | row for row in _terms(table, 1 - confidence)]
    return pd.DataFrame(rows, columns=COLUMNS)


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
    return re.sub(r"ln_|C\(|\)", "", name).replace(":", " x ")
