"""Whether times scatter more at some levels of a factor: in seconds and in per cent."""

import numpy as np
import pandas as pd
import statsmodels.api as sm
from scipy.stats import levene, t
from statsmodels.stats.diagnostic import het_breuschpagan

from tfscale.axis_words import AXIS_WORDS
from tfscale.design import PASS, architecture, by_model, effective
from tfscale.phrases import p_words, times

COLUMNS = (
    "machine", "model", "factor", "scale", "basis", "cells", "levels", "lowest", "highest",
    "ratio", "ratio_low", "ratio_high", "brown_forsythe_p", "breusch_pagan_p", "verdict",
)  # fmt: skip
SCALES = {"seconds": "time_s", "log seconds": "log_s"}
FEWEST = 3
FEWEST_REPEATS = 2


def spread(cells: pd.DataFrame, confidence: float, time: str = PASS) -> pd.DataFrame:
    """One row a machine, model, factor, scale (seconds, log seconds) and basis.

    The basis `levels` is the scatter of all cells of a level, as a box plot shows it, and
    `replicates` that of the rows of one architecture round their mean. `ratio` is the mean
    distance from the level's median at the highest level over that at the lowest, with a
    t interval on its logarithm. Brown-Forsythe (levene, centre median) compares all levels;
    Breusch-Pagan (Koenker's studentised form) regresses squared residuals on ln factor.
    Verdict: grows or shrinks (Brown-Forsythe and the ratio's interval agree), differs (without a
    trend from the lowest to the highest level), undetermined, not testable.
    """
    rows = []
    for machine, model, table in by_model(cells, time):
        for factor in effective(table):
            for scale, column in SCALES.items():
                for basis, centre in _bases(table, factor):
                    head = {"machine": machine, "model": model, "factor": factor}
                    head |= {"scale": scale, "basis": basis}
                    found = _one(table[column], table[factor], centre, 1 - confidence)
                    rows.append(head | found)
    return pd.DataFrame(rows, columns=COLUMNS)


def spread_words(table: pd.DataFrame) -> list[str]:
    """A sentence for every machine, model and factor, over all cells of a level."""
    sentences = []
    shown = table[table["basis"] == "levels"]
    for (machine, model, factor), group in shown.groupby(
        ["machine", "model", "factor"], sort=False
    ):
        said = [_words(row) for row in group.to_dict("records")]
        name = AXIS_WORDS[factor].name
        sentences.append(f"{model} on {machine}, scatter with {name}: {'; '.join(said)}.")
    return sentences


def _words(row: dict) -> str:
    unit = {"seconds": "in seconds", "log seconds": "in per cent"}[row["scale"]]
    if not np.isfinite(row["ratio"]):
        return f"{unit} {row['verdict']}"
    size = times(row["ratio"], row["ratio_low"], row["ratio_high"])
    return (
        f"{unit} {row['verdict']}, at {row['highest']:g} {size} that at {row['lowest']:g}, "
        f"Brown-Forsythe {p_words(row['brown_forsythe_p'])}, "
        f"Breusch-Pagan {p_words(row['breusch_pagan_p'])}"
    )


def _bases(table: pd.DataFrame, factor: str) -> list[tuple[str, pd.Series]]:
    """What scatter is taken round: the levels, and the architectures where those are repeated."""
    shape = architecture(table)
    bases = [("levels", table[factor])]
    if (shape.value_counts() >= FEWEST_REPEATS).all() and not _only(shape, table[factor]):
        bases.append(("replicates", shape))
    return bases


def _only(shape: pd.Series, factor: pd.Series) -> bool:
    """Whether the architecture is the level, so that both bases are the same."""
    return shape.groupby(factor).nunique().max() == 1


def _one(y: pd.Series, x: pd.Series, centre: pd.Series, alpha: float) -> dict:
    """The tests of one column; `centre` says which rows share a median and a mean."""
    levels = np.sort(x.unique())
    ends = {"cells": len(y), "levels": len(levels), "lowest": levels[0], "highest": levels[-1]}
    missing = dict.fromkeys(
        ("ratio", "ratio_low", "ratio_high", "brown_forsythe_p", "breusch_pagan_p"), np.nan
    )
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
