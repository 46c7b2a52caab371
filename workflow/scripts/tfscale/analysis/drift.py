"""Whether the machine became slower or faster in the course of a study."""

import numpy as np
import pandas as pd
import statsmodels.api as sm
from statsmodels.regression.linear_model import RegressionResults

from tfscale.durations import HOUR_S
from tfscale.tables.complete_rounds import in_complete_round


def drift(visits: pd.DataFrame, confidence: float) -> pd.DataFrame:
    """One row a machine and term of ln latency = cell + round + b time, by least squares.

    `visits` has cell, machine, round, sentinel, started, p50_s and disturbed; the clean visits of
    a run make one observation, their median, at the mean of their starts. Further rounds are left
    out: they time the noisiest cells only, whose noise would pass for the round's. The terms:
    `per_hour` (from every cell that was timed more than once, sentinels too) and `round_2` and so
    on (against round 1). `effect` is a ratio, with its interval. `total` is what slope and rounds
    come to together: from round 1 to that round or, in the row of `per_hour`, to the end of the
    study. Missing terms cannot be told from these runs.
    """
    rows = []
    for machine, group in visits[~visits["disturbed"]].groupby("machine", sort=False):
        runs = _observations(group)
        fit = _fit(runs)
        if fit is None:
            continue
        said = {"span_h": runs["hours"].max(), "runs": len(runs)}
        for term, weights in _together(runs, list(fit.params.index)).items():
            alone = pd.Series(0.0, fit.params.index)
            alone[term] = 1.0
            effect = _ratio("effect", fit, alone, confidence)
            total = _ratio("total", fit, weights, confidence)
            p_value = {"p_value": float(fit.pvalues[term])}
            rows.append({"machine": machine, "term": term} | effect | total | p_value | said)
    columns = "machine term effect effect_low effect_high total total_low total_high p_value"
    return pd.DataFrame(rows, columns=[*columns.split(), "span_h", "runs"])


def _observations(visits: pd.DataFrame) -> pd.DataFrame:
    """One row a run: cell, round (sentinels count as round 1 here), log latency, hours."""
    since_start = visits["started"] - visits["started"].min()
    table = visits.assign(seconds=since_start.dt.total_seconds())
    by_run = table.groupby(["cell", "round", "sentinel"], sort=False)
    runs = by_run.agg(latency_s=("p50_s", "median"), seconds=("seconds", "mean")).reset_index()
    runs["hours"] = runs["seconds"] / HOUR_S
    runs["log_s"] = np.log(runs["latency_s"])
    own = runs["round"].where(~runs["sentinel"])
    runs = runs[runs["sentinel"] | in_complete_round(own)]
    runs = runs.assign(walk=_walks(runs))
    repeated = runs.groupby("cell")["cell"].transform("size") > 1
    return runs[repeated] if repeated.any() else runs


def _walks(runs: pd.DataFrame) -> np.ndarray:
    """The round that was under way when a run was made, sentinels' included."""
    starts = runs[~runs["sentinel"]].groupby("round")["hours"].min().sort_values()
    if starts.empty:
        return np.ones(len(runs), dtype=int)
    place = np.searchsorted(starts.to_numpy(), runs["hours"].to_numpy(), side="right") - 1
    return starts.index.to_numpy()[np.clip(place, 0, None)]


def _fit(runs: pd.DataFrame) -> RegressionResults | None:
    """The fit of all terms, None where the runs cannot tell them.

    The cells' own levels are taken out by centring everything within cells (Frisch, Waugh and
    Lovell), so that ten thousand cells need no column each; they still cost their degrees of
    freedom.
    """
    columns = {"per_hour": runs["hours"]} | {
        f"round_{number}": (runs["walk"] == number).astype(float)
        for number in sorted(runs["walk"].unique())[1:]
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
    hours = runs[~runs["sentinel"]].groupby("walk")["hours"].mean()
    weights = {}
    for term in terms:
        own = pd.Series(0.0, terms)
        if term == "per_hour":
            own[terms[-1]] = 1.0
            own[term] = runs["hours"].max()
        else:
            own[term] = 1.0
            number = int(term.removeprefix("round_"))
            own["per_hour"] = hours.get(number, hours.iloc[-1]) - hours.iloc[0]
        weights[term] = own
    return weights


def _ratio(name: str, fit: RegressionResults, weights: pd.Series, confidence: float) -> dict:
    """exp of a weighted sum of the terms, with its interval."""
    found = fit.t_test(weights.to_numpy())
    low, high = found.conf_int(1 - confidence)[0]
    estimate = float(np.squeeze(found.effect))
    return {name: np.exp(estimate), f"{name}_low": np.exp(low), f"{name}_high": np.exp(high)}
