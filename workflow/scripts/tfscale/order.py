"""Drift in a table whose rows stand in the order of its runs: the paper's, which has no clock."""

import numpy as np
import pandas as pd
import statsmodels.api as sm
from scipy.stats import t
from statsmodels.stats.diagnostic import acorr_ljungbox

from tfscale.design import PASS, architecture, by_model
from tfscale.many_tests import corrected
from tfscale.phrases import p_words, times

COLUMNS = (
    "machine", "model", "cells", "lags", "at_layers", "effect", "effect_low", "effect_high",
    "order_p", "ljung_box", "ljung_box_p", "p_holm", "verdict",
)  # fmt: skip
SIMULATED = 499
LARGEST = 2000


def run_order(
    cells: pd.DataFrame, confidence: float, rng: np.random.Generator, time: str = PASS
) -> pd.DataFrame:
    """One row a machine and model: whether time changes with the place of a row in the table.

    Only for tables whose rows are in run order and repeat architectures; a study with a clock has
    `drift`. ln time = architecture + a slope in the row's place at each number of layers, by
    least squares on values centred within architectures; `order_p` is the F test of all slopes
    with HC3 covariance. `effect` is the ratio from the first to the last row of the layers whose
    slope is greatest against its error, with its interval (Bonferroni over the layers). `ljung_box`
    is the Ljung-Box statistic of what the architectures leave, in run order; since centring alone
    correlates residuals, its p comes from the same statistic of simulated white noise, centred
    alike. Verdict by the smaller p after Holm over the two: drift, undetermined, not testable.
    """
    rows = []
    for machine, model, table in by_model(cells, time):
        head = {"machine": machine, "model": model, "cells": len(table)}
        rows.append(head | _one(table.iloc[:LARGEST], 1 - confidence, rng))
    return pd.DataFrame(rows, columns=COLUMNS)


def order_words(table: pd.DataFrame) -> list[str]:
    """A sentence for every machine and model."""
    sentences = []
    for row in table.to_dict("records"):
        said = row["verdict"]
        if np.isfinite(row["order_p"]):
            size = times(row["effect"], row["effect_low"], row["effect_high"])
            what = "times drift with run order" if said == "drift" else f"drift is {said}"
            said = (
                f"{what}, most at {row['at_layers']:g} layers: from the first to the last row "
                f"{size}; order {p_words(row['order_p'])}, "
                f"Ljung-Box {p_words(row['ljung_box_p'])}"
            )
        sentences.append(f"{row['model']} on {row['machine']}: {said}.")
    return sentences


def _one(table: pd.DataFrame, alpha: float, rng: np.random.Generator) -> dict:
    shape = architecture(table)
    place = pd.Series(np.arange(len(table), dtype=float), table.index)
    slopes = pd.DataFrame(
        {depth: place.where(table["layers"] == depth, 0.0) for depth in table["layers"].unique()}
    )
    slopes = slopes - slopes.groupby(shape).transform("mean")
    slopes = slopes.loc[:, slopes.abs().sum() > 0]
    freedom = len(table) - shape.nunique() - slopes.shape[1]
    if freedom < 5 or slopes.empty:
        return {"verdict": "not testable: too few rows repeat an architecture"}
    centred = table["log_s"] - table["log_s"].groupby(shape).transform("mean")
    if np.ptp(centred) <= 1e-12:
        return {"verdict": "not testable: repeated rows are all equal"}
    found = _slopes(table, shape, slopes, alpha)
    lags = min(10, len(table) // 5)
    statistic, p_value = _ljung_box(centred, shape, lags, rng)
    holm = corrected(pd.Series([found["order_p"], p_value])).min()
    verdict = "drift" if holm < alpha else "undetermined"
    return found | {
        "lags": lags, "ljung_box": statistic, "ljung_box_p": p_value, "p_holm": holm,
        "verdict": verdict,
    }  # fmt: skip


def _slopes(table: pd.DataFrame, shape: pd.Series, slopes: pd.DataFrame, alpha: float) -> dict:
    """The joint test of the slopes with HC3, and the slope that stands out most."""
    dummies = pd.get_dummies(shape, prefix="shape", dtype=float)
    design = pd.concat([dummies, slopes.add_prefix("order ")], axis=1)
    plain = sm.OLS(table["log_s"], design).fit()
    fit = plain.get_robustcov_results("HC3", use_t=True)
    first = dummies.shape[1]
    joint = fit.f_test(np.eye(design.shape[1])[first:])
    values, errors = fit.params[first:], fit.bse[first:]
    best = int(np.argmax(np.abs(values / errors)))
    depth = slopes.columns[best]
    span = np.ptp(np.flatnonzero(table["layers"] == depth))
    margin = t.ppf(1 - alpha / 2 / len(values), fit.df_resid) * errors[best]
    at = np.exp(np.array([values[best], values[best] - margin, values[best] + margin]) * span)
    return {
        "at_layers": depth, "effect": at[0], "effect_low": at[1], "effect_high": at[2],
        "order_p": float(joint.pvalue),
    }  # fmt: skip


def _ljung_box(
    residuals: pd.Series, shape: pd.Series, lags: int, rng: np.random.Generator
) -> tuple[float, float]:
    """The statistic and its p among centred white noise of the same shape."""
    seen = _statistic(residuals, lags)
    noise = pd.DataFrame(rng.normal(size=(len(residuals), SIMULATED)), residuals.index)
    noise -= noise.groupby(shape).transform("mean")
    above = sum(_statistic(noise[column], lags) >= seen for column in noise)
    return seen, (1 + above) / (1 + SIMULATED)


def _statistic(series: pd.Series, lags: int) -> float:
    return float(acorr_ljungbox(series, lags=[lags])["lb_stat"].iloc[0])
