"""Whether the machine became slower or faster in the course of a study."""

import numpy as np
import pandas as pd
import statsmodels.api as sm
from scipy.stats import t

from tfscale.complete_rounds import in_complete_round
from tfscale.durations import HOUR_S


def drift(visits: pd.DataFrame, confidence: float) -> pd.DataFrame:
    """One row a machine and term of ln latency = cell + round + b time, by least squares.

    `visits` has cell, machine, round, sentinel, started, p50_s and disturbed; the clean visits of
    a run make one observation, their median, at the mean of their starts. Further rounds are left
    out: they time the noisiest cells only, whose noise would pass for the round's. The terms:
    `per_hour` (from every cell that was timed more than once, sentinels too) and `round_2` and so
    on (against round 1). `effect` is a ratio, with its interval; `total` is that over the whole
    study. Missing terms cannot be told from these runs.
    """
    rows = []
    for machine, group in visits[~visits["disturbed"]].groupby("machine", sort=False):
        runs = _observations(group)
        span_h = runs["hours"].max()
        for term, (estimate, low, high, p_value) in _terms(runs, confidence).items():
            scale = span_h if term == "per_hour" else 1.0
            rows.append(
                {
                    "machine": machine,
                    "term": term,
                    "effect": np.exp(estimate),
                    "effect_low": np.exp(low),
                    "effect_high": np.exp(high),
                    "total": np.exp(estimate * scale),
                    "total_low": np.exp(low * scale),
                    "total_high": np.exp(high * scale),
                    "p_value": p_value,
                    "span_h": span_h,
                    "runs": len(runs),
                }
            )
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


def _terms(runs: pd.DataFrame, confidence: float) -> dict[str, tuple[float, float, float, float]]:
    """Estimate, bounds and p-value of each term that the runs can tell.

    The cells' own levels are taken out by centring everything within cells (Frisch, Waugh and
    Lovell), so that ten thousand cells need no column each.
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
        return {}
    fit = sm.OLS(y, x).fit()
    error = fit.bse * np.sqrt(fit.df_resid / freedom)
    margin = t.ppf((1 + confidence) / 2, freedom) * error
    p_value = 2 * t.sf((fit.params / error).abs(), freedom)
    bounds = zip(fit.params, fit.params - margin, fit.params + margin, p_value, strict=True)
    return dict(zip(x.columns, bounds, strict=True))
