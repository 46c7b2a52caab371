"""Whether times scatter more at some levels of a factor: in seconds and in per cent."""

from collections.abc import Collection, Iterator

import numpy as np
import pandas as pd
import statsmodels.api as sm
from scipy.stats import levene, t
from statsmodels.stats.diagnostic import het_breuschpagan

from tfscale.analysis.design import PASS, by_model, effective, repeated
from tfscale.axes import FACTORS

COLUMNS = (
    "machine", "model", "factor", "basis", "scale", "cells", "levels", "lowest", "highest",
    "ratio", "ratio_low", "ratio_high", "brown_forsythe_p", "breusch_pagan_p", "verdict",
)  # fmt: skip
SCALES = {"seconds": "time_s", "log seconds": "log_s"}
FEWEST = 3
FEWEST_REPEATS = 2


def spread(
    cells: pd.DataFrame, confidence: float, visits: pd.DataFrame | None = None, time: str = PASS,
    factors: Collection[str] = FACTORS,
) -> pd.DataFrame:  # fmt: skip
    """One row a machine, model, factor, scale (seconds, log seconds) and basis.

    The basis `levels` is the scatter of all cells of a level, as a box plot shows it, and
    `replicates` that of repeats round their own mean: rows of `cells` that no axis which reached
    the model tells apart, else `visits` (from `visit_rows`). `ratio` is the mean
    distance from the level's median at the highest level over that at the lowest, with a
    t interval on its logarithm. Brown-Forsythe (levene, centre median) compares all levels;
    Breusch-Pagan (Koenker's studentised form) regresses squared residuals on ln factor.
    Verdict: grows or shrinks (Brown-Forsythe and the ratio's interval agree), differs (without a
    trend from the lowest to the highest level), undetermined, not testable.
    """
    rows = []
    again = {}
    if visits is not None:
        again = {(machine, model): rows for machine, model, rows in by_model(visits, time)}
    for machine, model, table in by_model(cells, time):
        for factor in [axis for axis in effective(table) if axis in factors]:
            for basis, part, centre in _bases(table, factor, again.get((machine, model))):
                head = {"machine": machine, "model": model, "factor": factor, "basis": basis}
                for scale, column in SCALES.items():
                    found = _one(part[column], part[factor], centre, 1 - confidence)
                    rows.append(head | {"scale": scale} | found)
    return pd.DataFrame(rows, columns=COLUMNS)


def _bases(
    table: pd.DataFrame, factor: str, visits: pd.DataFrame | None
) -> Iterator[tuple[str, pd.DataFrame, pd.Series]]:
    """The rows that scatter, and round what: the levels, and the repeats where there are any."""
    yield "levels", table, table[factor]
    for rows in (table, visits):
        if rows is None:
            continue
        group = repeated(rows)
        several = group.groupby(group).transform("size") >= FEWEST_REPEATS
        if several.any():
            if group.groupby(rows[factor]).nunique().max() > 1 or rows is visits:
                yield "replicates", rows[several], group[several]
            return


def _one(y: pd.Series, x: pd.Series, centre: pd.Series, alpha: float) -> dict:
    """The tests of one column; `centre` says which rows share a median and a mean."""
    levels = np.sort(x.unique())
    ends = {"cells": len(y), "levels": len(levels), "lowest": levels[0], "highest": levels[-1]}
    missing = dict.fromkeys(
        ("ratio", "ratio_low", "ratio_high", "brown_forsythe_p", "breusch_pagan_p"), np.nan
    )
    if len(levels) < 2:  # all visits of the others were disturbed
        return ends | missing | {"verdict": "not testable: one level alone"}
    if x.value_counts().min() < FEWEST:
        return ends | missing | {"verdict": f"not testable: a level has under {FEWEST} cells"}
    distance = (y - y.groupby(centre).transform("median")).abs()
    residual = y - y.groupby(centre).transform("mean")
    first, last = distance[x == levels[0]], distance[x == levels[-1]]
    if min(first.mean(), last.mean()) <= np.finfo(float).eps * y.abs().max():
        return ends | missing | {"verdict": "not testable: a level does not scatter at all"}
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
