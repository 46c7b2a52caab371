"""Drift by the clock and by run order."""

import numpy as np
import pandas as pd
import statsmodels.api as sm
from scipy.stats import t
from statsmodels.regression.linear_model import RegressionResults

from tfscale.analysis.slices import OWN, by_model, repeated, stratum
from tfscale.analysis.statistics import corrected
from tfscale.analysis.words import level
from tfscale.files.columns import Described, bounded, count, number, text
from tfscale.units import HOUR_S

DRIFT = Described(
    {
        "machine": text("machine"),
        "term": text("per_hour, or a round against round 1 (`round_2`)"),
        **bounded("effect", "ratio of times an hour, or of the round to round 1"),
        **bounded("total", "with the other terms: by the round, or over the whole study"),
        "p_value": number("p of no drift"),
        "span_h": number("hours from the first run to the last"),
        "runs": count("runs of the fit"),
    }
)


def drift(processes: pd.DataFrame, confidence: float) -> pd.DataFrame:
    """One row a machine and term of ln latency = cell + round + b time, by least squares.

    The processes of a run (a cell in a round) make one observation, their median, at the mean of
    their starts. The terms: `per_hour`, and `round_2` and so on (against round 1). `effect` is a
    ratio, with its interval. `total` is what slope and rounds come to together: from round 1 to
    that round or, in the row of `per_hour`, to the end of the study. Missing terms cannot be told
    from these runs.
    """
    rows = []
    for machine, group in processes.groupby("machine", sort=False):
        runs = _observations(group)
        fit = _fit(runs)
        if fit is None:
            continue
        size = {"span_h": runs["hours"].max(), "runs": len(runs)}
        for term, weights in _together(runs, list(fit.params.index)).items():
            alone = pd.Series(0.0, fit.params.index)
            alone[term] = 1.0
            effect = _ratio("effect", fit, alone, confidence)
            total = _ratio("total", fit, weights, confidence)
            p_value = {"p_value": float(fit.pvalues[term])}
            rows.append({"machine": machine, "term": term} | effect | total | p_value | size)
    return pd.DataFrame(rows, columns=DRIFT.names)


def _observations(processes: pd.DataFrame) -> pd.DataFrame:
    """One row a run of a cell that has several: cell, round, log latency, hours."""
    since_start = processes["started"] - processes["started"].min()
    table = processes.assign(hours=since_start.dt.total_seconds() / HOUR_S)
    by_run = table.groupby(["cell", "round"], sort=False)
    runs = by_run.agg(latency_s=("latency_s", "median"), hours=("hours", "mean")).reset_index()
    return runs.assign(log_s=np.log(runs["latency_s"]))


def _fit(runs: pd.DataFrame) -> RegressionResults | None:
    """The fit of all terms, None where the runs cannot tell them.

    The cells' own levels are taken out by centring everything within cells (Frisch, Waugh and
    Lovell), so that ten thousand cells need no column each; they still cost their degrees of
    freedom.
    """
    columns = {"per_hour": runs["hours"]} | {
        f"round_{number}": (runs["round"] == number).astype(float)
        for number in sorted(runs["round"].unique())[1:]
    }
    table = pd.DataFrame(columns).assign(log_s=runs["log_s"])
    centred = table - table.groupby(runs["cell"]).transform("mean")
    x, y = centred.drop(columns="log_s"), centred["log_s"]
    freedom = len(runs) - runs["cell"].nunique() - x.shape[1]
    if freedom < 1 or np.linalg.matrix_rank(x.to_numpy(), tol=1e-9) < x.shape[1]:
        return None
    model = sm.OLS(y, x)
    model.df_resid = freedom
    return model.fit(use_t=True)


def _together(runs: pd.DataFrame, terms: list[str]) -> dict[str, pd.Series]:
    """For each term, the weights of all terms in what it comes to with the others: a round and the
    slope may cancel each other."""
    hours = runs.groupby("round")["hours"].mean()
    weights = {}
    for term in terms:
        own = pd.Series(0.0, terms)
        if term == "per_hour":
            own[terms[-1]] = 1.0
            own[term] = runs["hours"].max()
        else:
            own[term] = 1.0
            own["per_hour"] = hours[int(term.removeprefix("round_"))] - hours.iloc[0]
        weights[term] = own
    return weights


def _ratio(name: str, fit: RegressionResults, weights: pd.Series, confidence: float) -> dict:
    """exp of a weighted sum of the terms, with its interval."""
    found = fit.t_test(weights.to_numpy())
    low, high = found.conf_int(1 - confidence)[0]
    estimate = float(np.squeeze(found.effect))
    return {name: np.exp(estimate), f"{name}_low": np.exp(low), f"{name}_high": np.exp(high)}


RUN_ORDER = Described(
    {
        **OWN,
        "cells": count("rows"),
        "lags": count("lags of Ljung-Box"),
        "axis": text("axis whose levels have slopes of their own: the first that varies"),
        "at_level": text("its level with the clearest slope"),
        **bounded("effect", "time of its last row over that of its first"),
        "order_p": number("F test of all slopes in a row's place"),
        "ljung_box": number("Ljung-Box statistic of what repeats leave"),
        "ljung_box_p": number("its p among simulated white noise"),
        "p_holm": number("smaller p of the two after Holm"),
        "verdict": text("drift, undetermined or not testable"),
    }
)
LEVEL = "level of the axis"
SIMULATED = 499
LARGEST = 1000


def run_order(cells: pd.DataFrame, confidence: float, rng: np.random.Generator) -> pd.DataFrame:
    """One row a machine and model: whether time changes with the place of a row in the table.

    For tables whose rows are in run order and repeat: the paper's, where a batch size that never
    reached the model repeats an architecture, and a study's `run_rows` (whose clock
    `drift` uses). ln time = group of repeats + a slope in the row's place at each level of the
    family's first varying axis, by least squares; `order_p` is the F test of all slopes with HC3
    covariance. `effect` is the ratio from the first to the last row of the level whose slope is
    greatest against its error, with its interval (Bonferroni over the levels). `ljung_box` is the
    Ljung-Box statistic of what the groups leave, in run order; since centring alone correlates
    residuals, its p comes from the same statistic of simulated white noise, centred alike. Verdict
    by the smaller p after Holm over the two: drift, undetermined, not testable. Of more than 1,000
    repeated rows the first whole groups are used.
    """
    rows = []
    for machine, model, table in by_model(cells):
        head = {"machine": machine, "model": model, "cells": len(table)}
        rows.append(head | _one(table, 1 - confidence, rng))
    return pd.DataFrame(rows, columns=RUN_ORDER.names)


def _one(table: pd.DataFrame, alpha: float, rng: np.random.Generator) -> dict:
    axis = stratum(table)
    at = table[axis].map(level) if axis else ""
    table = _repeats(table.assign(place=np.arange(len(table), dtype=float), **{LEVEL: at}))
    shape, place = table["group"], table["place"]
    slopes = pd.DataFrame(
        {at: place.where(table[LEVEL] == at, 0.0) for at in _wide_enough(table)},
        index=table.index,
    )
    slopes = slopes - slopes.groupby(shape).transform("mean")
    freedom = len(table) - shape.nunique() - slopes.shape[1]
    if freedom < 5 or slopes.empty:
        return {"verdict": "not testable: too few rows repeat another one"}
    centred = table["log_s"] - table["log_s"].groupby(shape).transform("mean")
    if np.ptp(centred) <= 1e-12:
        return {"verdict": "not testable: repeated rows are all equal"}
    found = _slopes(table, shape, slopes, alpha)
    lags = min(10, len(table) // 5)
    statistic, p_value = _ljung_box(centred, shape, lags, rng)
    holm = np.nanmin(corrected(pd.Series([found["order_p"], p_value])))
    verdict = "drift" if holm < alpha else "undetermined"
    return found | {
        "axis": axis,
        "lags": lags,
        "ljung_box": statistic,
        "ljung_box_p": p_value,
        "p_holm": holm,
        "verdict": verdict,
    }


def _repeats(table: pd.DataFrame) -> pd.DataFrame:
    """The rows that others repeat, with their `group`; whole groups until LARGEST is reached."""
    group = repeated(table)
    size = group.groupby(group).transform("size")
    groups = size[~group.duplicated()].where(lambda sizes: sizes > 1, 0).cumsum()
    kept = group[groups.index[groups - size[groups.index] < LARGEST]]
    used = (size > 1) & group.isin(kept)
    return table[used].assign(group=group[used])


def _wide_enough(table: pd.DataFrame) -> list:
    """The levels whose repeats leave something beside a slope of their own."""
    spare = table.groupby(LEVEL)["group"].agg(lambda group: len(group) - group.nunique() - 1)
    return spare.index[spare > 0].tolist()


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
    clearest = slopes.columns[best]
    span = np.ptp(table.loc[table[LEVEL] == clearest, "place"])
    margin = t.ppf(1 - alpha / 2 / len(values), fit.df_resid) * errors[best]
    at = np.exp(np.array([values[best], values[best] - margin, values[best] + margin]) * span)
    return {
        "at_level": clearest or None,
        "effect": at[0],
        "effect_low": at[1],
        "effect_high": at[2],
        "order_p": float(joint.pvalue),
    }


def _ljung_box(
    residuals: pd.Series, shape: pd.Series, lags: int, rng: np.random.Generator
) -> tuple[float, float]:
    """The statistic and its p among centred white noise of the same shape."""
    seen = float(ljung_box(residuals.to_numpy()[:, None], lags)[0])
    noise = pd.DataFrame(rng.normal(size=(len(residuals), SIMULATED)), residuals.index)
    noise -= noise.groupby(shape).transform("mean")
    above = int((ljung_box(noise.to_numpy(), lags) >= seen).sum())
    return seen, (1 + above) / (1 + SIMULATED)


def ljung_box(series: np.ndarray, lags: int) -> np.ndarray:
    """The Ljung-Box statistic of every column, n (n + 2) sum_k r_k² / (n - k) (Ljung and Box
    1978): that of statsmodels' acorr_ljungbox, for hundreds of simulated series at once."""
    count = len(series)
    centred = series - series.mean(axis=0)
    whole = (centred**2).sum(axis=0)
    terms = [
        (centred[lag:] * centred[:-lag]).sum(axis=0) ** 2 / (count - lag)
        for lag in range(1, lags + 1)
    ]
    return count * (count + 2) * np.sum(terms, axis=0) / whole**2
