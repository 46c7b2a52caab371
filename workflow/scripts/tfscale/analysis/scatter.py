"""Outliers and spread."""

from collections.abc import Collection, Iterator

import numpy as np
import pandas as pd
import statsmodels.api as sm
import statsmodels.formula.api as smf
from scipy.stats import levene, t
from statsmodels.stats.diagnostic import het_breuschpagan
from statsmodels.stats.outliers_influence import OLSInfluence

from tfscale.analysis.slices import (
    MARGIN,
    OWN,
    architecture,
    by_model,
    effective,
    level_matrix,
    repeated,
    values,
)
from tfscale.axes import AXES
from tfscale.files.columns import Described, axes, bounded, count, number, text

OUTLIERS = Described(
    {
        "machine": text("machine"),
        "cell": text("flagged cell"),
        **axes(),
        "row": count("place of the cell among all cells, from 0"),
        "time_s": number("time of a pass"),
        "expected_s": number("what the other cells let expect"),
        **bounded("ratio", "time over expected"),
        "t_value": number("t of the cell's own shift"),
        "p_value": number("p of the shift"),
        "p_bonferroni": number("the same, corrected for all cells of the table"),
        "cells": count("cells of the table"),
    }
)
NUMBERS = ["ratio", "ratio_low", "ratio_high", "t_value", "p_value", "p_bonferroni"]
SUSPECT = 4.0
MOST_SHARE = 0.1
MOST = 20


def outliers(cells: pd.DataFrame, confidence: float) -> pd.DataFrame:
    """One row a flagged cell (perhaps none).

    The test is that of the mean-shift outlier model, each flagged row with a shift of its own
    (Cook and Weisberg 1982, 2.2.2: for one row the test of OLSInfluence.outlier_test), with
    Bonferroni over all cells of a machine and model, on free level means of ln time
    (`level_matrix`). So that two outliers cannot hide each other, suspects come first from a
    robust additive fit, then one by one the greatest studentised residual of what is left; at most
    20 of a table. A cell whose interval does not lie beyond 10 % of what is expected is none: no
    difference that small is a fault.
    `row` is the index in `cells`; `expected_s` what the others let expect; ratio = time / expected
    with its interval.
    """
    rows = []
    position = cells.assign(row=cells.index)
    for machine, _, table in by_model(position):
        for index, found in shifts(table, confidence).iterrows():
            cell = table.loc[index]
            names = ["cell", *(axis for axis in AXES if axis in table), "row", "time_s"]
            rows.append(
                {"machine": machine}
                | {name: cell[name] for name in names}
                | {"expected_s": cell["time_s"] / found["ratio"], "cells": len(table)}
                | found.to_dict()
            )
    return pd.DataFrame(rows, columns=OUTLIERS.names)


def shifts(table: pd.DataFrame, confidence: float) -> pd.DataFrame:
    """The outliers of one model on one machine: ratio, its interval, t_value, p_value,
    p_bonferroni; indexed like the table. Empty too where the cells cannot tell."""
    empty = pd.DataFrame(columns=NUMBERS)
    x = level_matrix(table)
    if x is None:
        return empty
    y, count = table["log_s"], len(table)
    alpha = 1 - confidence
    fitted = sm.OLS(y, x).fit()
    if fitted.ssr <= 1e-20 * count:
        return empty
    found = _confirmed(y, x, _suspects(table), alpha, count)
    while len(found) < min(MOST_SHARE * count, MOST):
        left = y.drop(found.index)
        influence = OLSInfluence(sm.OLS(left, x.loc[left.index]).fit())
        student = pd.Series(influence.resid_studentized_internal, left.index)
        student[influence.hat_matrix_diag > 1 - 1e-8] = np.nan
        if student.isna().all() or influence.results.df_resid < 2:
            break
        worst = student.abs().idxmax()
        more = _confirmed(y, x, [*found.index, worst], alpha, count)
        if worst not in more.index:
            break
        found = more
    return found


def _confirmed(
    y: pd.Series, x: pd.DataFrame, suspects: list, alpha: float, count: int
) -> pd.DataFrame:
    """Those suspects whose shift, with all of the others shifted too, is significant and surely
    beyond the margin."""
    suspects = list(dict.fromkeys(suspects))
    while suspects:
        own = pd.DataFrame(0.0, x.index, [f"shift {name}" for name in suspects])
        for name in suspects:
            own.loc[name, f"shift {name}"] = 1.0
        both = pd.concat([x, own], axis=1)
        fit = sm.OLS(y, both).fit()
        if fit.df_resid < 1 or np.linalg.matrix_rank(both.to_numpy()) < both.shape[1]:
            suspects.pop()
            continue
        rows = _shift_rows(fit, own.columns, suspects, alpha, count)
        far = (rows["ratio_low"] > 1 + MARGIN) | (rows["ratio_high"] < 1 / (1 + MARGIN))
        stands = far & (rows["p_bonferroni"] < alpha)
        if stands.all():
            return rows
        suspects.remove(rows["p_value"][~stands].idxmax())
    return pd.DataFrame(columns=NUMBERS)


def _shift_rows(fit, names: pd.Index, suspects: list, alpha: float, count: int) -> pd.DataFrame:
    margin = t.ppf(1 - alpha / 2, fit.df_resid) * fit.bse[names]
    return pd.DataFrame(
        {
            "ratio": np.exp(fit.params[names]).to_numpy(),
            "ratio_low": np.exp(fit.params[names] - margin).to_numpy(),
            "ratio_high": np.exp(fit.params[names] + margin).to_numpy(),
            "t_value": fit.tvalues[names].to_numpy(),
            "p_value": fit.pvalues[names].to_numpy(),
            "p_bonferroni": np.minimum(fit.pvalues[names].to_numpy() * count, 1),
        },
        index=suspects,
    )


def _suspects(table: pd.DataFrame) -> list:
    """Rows far from a robust additive fit, the farthest first; an architecture that is far as a
    whole is a misfit of that model and gives none."""
    ordered = effective(table)
    terms = [f"C({axis})" for axis in ordered + values(table)]
    terms += [f"np.log({a}):np.log({b})" for n, a in enumerate(ordered) for b in ordered[n + 1 :]]
    model = smf.rlm(f"log_s ~ {' + '.join(terms) or '1'}", table, M=sm.robust.norms.HuberT())
    if len(table) <= model.exog.shape[1] + 2:
        return []
    fit = model.fit()
    if not fit.scale > 0:
        return []
    distance = (fit.resid / fit.scale).abs()
    far = distance > SUSPECT
    shape = architecture(table)
    far &= far.groupby(shape).transform("mean") <= 0.5
    most = min(int(MOST_SHARE * len(table)), MOST)
    return distance[far].sort_values(ascending=False).index[:most].tolist()


SPREAD = Described(
    {
        **OWN,
        "factor": text("axis"),
        "basis": text("what scatters: levels (all cells of one) or replicates (repeats)"),
        "scale": text("seconds or log seconds"),
        "cells": count("rows that scatter"),
        "levels": count("levels of the factor"),
        "lowest": number("lowest level"),
        "highest": number("highest level"),
        **bounded("ratio", "mean distance from the median, highest level over lowest"),
        "brown_forsythe_p": number("p of Brown-Forsythe over all levels"),
        "breusch_pagan_p": number("p of Breusch-Pagan (Koenker) along ln factor"),
        "verdict": text("grows, shrinks, differs, undetermined or not testable"),
    }
)
SCALES = {"seconds": "time_s", "log seconds": "log_s"}
FEWEST = 3
FEWEST_REPEATS = 2


def spread(
    cells: pd.DataFrame,
    confidence: float,
    repeats: pd.DataFrame | None = None,
    factors: Collection[str] | None = None,
) -> pd.DataFrame:
    """One row a machine, model, factor (of `factors`, or every one), scale (seconds, log seconds)
    and basis.

    The basis `levels` is the scatter of all cells of a level, as a box plot shows it, and
    `replicates` that of repeats round their own mean: rows of `cells` that no axis which reached
    the model tells apart, else `repeats` (from `process_rows`). `ratio` is the mean
    distance from the level's median at the highest level over that at the lowest, with a
    t interval on its logarithm. Brown-Forsythe (levene, centre median) compares all levels;
    Breusch-Pagan (Koenker's studentised form) regresses squared residuals on ln factor.
    Verdict: grows or shrinks (Brown-Forsythe and the ratio's interval agree), differs (without a
    trend from the lowest to the highest level), undetermined, not testable.
    """
    rows = []
    again = {}
    if repeats is not None:
        again = {(machine, model): rows for machine, model, rows in by_model(repeats)}
    for machine, model, table in by_model(cells):
        for factor in [axis for axis in effective(table) if factors is None or axis in factors]:
            for basis, part, centre in _bases(table, factor, again.get((machine, model))):
                head = {"machine": machine, "model": model, "factor": factor, "basis": basis}
                for scale, column in SCALES.items():
                    found = _one(part[column], part[factor], centre, 1 - confidence)
                    rows.append(head | {"scale": scale} | found)
    return pd.DataFrame(rows, columns=SPREAD.names)


def _bases(
    table: pd.DataFrame, factor: str, repeats: pd.DataFrame | None
) -> Iterator[tuple[str, pd.DataFrame, pd.Series]]:
    """The rows that scatter, and round what: the levels, and the repeats where there are any."""
    yield "levels", table, table[factor]
    for rows in (table, repeats):
        if rows is None:
            continue
        group = repeated(rows)
        several = group.groupby(group).transform("size") >= FEWEST_REPEATS
        if several.any():
            if group.groupby(rows[factor]).nunique().max() > 1 or rows is repeats:
                yield "replicates", rows[several], group[several]
            return


def _one(y: pd.Series, x: pd.Series, centre: pd.Series, alpha: float) -> dict:
    """The tests of one column; `centre` says which rows share a median and a mean."""
    levels = np.sort(x.unique())
    ends = {"cells": len(y), "levels": len(levels), "lowest": levels[0], "highest": levels[-1]}
    if len(levels) < 2:
        return ends | {"verdict": "not testable: one level alone"}
    if x.value_counts().min() < FEWEST:
        return ends | {"verdict": f"not testable: a level has under {FEWEST} cells"}
    distance = (y - y.groupby(centre).transform("median")).abs()
    residual = y - y.groupby(centre).transform("mean")
    first, last = distance[x == levels[0]], distance[x == levels[-1]]
    if min(first.mean(), last.mean()) <= np.finfo(float).eps * y.abs().max():
        return ends | {"verdict": "not testable: a level does not scatter at all"}
    around = y - y.groupby(centre).transform("median")
    forsythe = levene(*[part for _, part in around.groupby(x)], center="median").pvalue
    design = sm.add_constant(np.log(x.astype(float)).to_numpy())
    pagan = het_breuschpagan(residual.to_numpy(), design)[1]
    ratio = last.mean() / first.mean()
    error = np.hypot(*[part.sem() / part.mean() for part in (first, last)])
    margin = t.ppf(1 - alpha / 2, min(len(first), len(last)) - 1) * error
    verdict = "undetermined"
    low, high = ratio * np.exp(-margin), ratio * np.exp(margin)
    if forsythe < alpha:
        verdict = "grows" if low > 1 else "shrinks" if high < 1 else "differs"
    return ends | {
        "ratio": ratio,
        "ratio_low": low,
        "ratio_high": high,
        "brown_forsythe_p": float(forsythe),
        "breusch_pagan_p": float(pagan),
        "verdict": verdict,
    }
