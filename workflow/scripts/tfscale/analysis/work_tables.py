"""The work model fitted to each group of cells, and the rates that it stands for."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
import statsmodels.api as sm

from tfscale.analysis.replicates import replicates
from tfscale.analysis.work_model import (
    FEWEST_ARCHITECTURES,
    TOO_FEW,
    WorkModel,
    bootstrap,
    fit_work,
)
from tfscale.analysis.workload import GROUP, TERMS, architectures, design, named, timed

GIGA = 1e9
RATES = (
    *GROUP, "term", "bound", "operation", "cost_s", "standard_error_s", "cost_low_s",
    "cost_high_s", "per", "rate_giga_per_s", "rate_low_giga_per_s", "rate_high_giga_per_s",
    "time_share", "cells", "architectures", "verdict",
)  # fmt: skip


@dataclass(frozen=True)
class Fitted:
    """The work model of one group of cells, with resampled costs (draws, terms)."""

    group: dict
    cells: pd.DataFrame
    x: np.ndarray
    model: WorkModel
    draws: np.ndarray

    @property
    def predicted_s(self) -> np.ndarray:
        """Fitted latency of each cell."""
        return self.x @ self.model.costs


def fit_groups(
    cells: pd.DataFrame, visits: pd.DataFrame | None, rng: np.random.Generator
) -> list[Fitted]:
    """The work model of each machine, model and setting of the axes that change rates.

    `visits` are the replicates that intervals are drawn from. Raises StudyError for a time that
    is none.
    """
    fitted = []
    for group, table in timed(cells).groupby(GROUP, sort=False):
        own = table.reset_index(drop=True)
        draws = bootstrap(own, replicates(own, visits), rng)
        fitted.append(Fitted(named(group), own, design(own), fit_work(own), draws))
    return fitted


def rates(fitted: list[Fitted], confidence: float) -> pd.DataFrame:
    """One row a group and term: seconds a unit, its interval, and the rate that it stands for.

    Standard errors are those of ordinary least squares of 1 on x / t over the terms above 0,
    clustered by architecture; intervals are percentiles of the bootstrap. `rate_giga_per_s` is
    GFLOP/s or GB/s; `time_share` the term's share of the time of all cells together. `verdict`:
    estimated, at zero, undetermined (the interval reaches 0), or not testable with the reason.
    """
    rows = [row for one in fitted for row in _rates(one, confidence)]
    return pd.DataFrame(rows, columns=RATES)


def _rates(one: Fitted, confidence: float) -> Iterator[dict]:
    low, high = bounds(one.draws, confidence, len(TERMS))
    errors = _standard_errors(one)
    share = (one.x * one.model.costs).sum(axis=0) / one.predicted_s.sum()
    for place, (name, term) in enumerate(TERMS.items()):
        cost = one.model.costs[place]
        rated = term.unit in ("FLOP", "byte")
        told = name not in one.model.alias
        yield one.group | {
            "term": name,
            "bound": term.bound,
            "operation": term.operation,
            "cost_s": cost if told else np.nan,
            "standard_error_s": errors[place],
            "cost_low_s": low[place] if told else np.nan,
            "cost_high_s": high[place] if told else np.nan,
            "per": term.unit,
            "rate_giga_per_s": _rate(cost) if rated else np.nan,
            "rate_low_giga_per_s": _rate(high[place]) if rated else np.nan,
            "rate_high_giga_per_s": _rate(low[place]) if rated else np.nan,
            "time_share": share[place],
            "cells": len(one.cells),
            "architectures": architectures(one.cells).max() + 1,
            "verdict": _verdict(one, place, name, low[place], high[place]),
        }


def _rate(cost: float) -> float:
    """Giga-units a second; NaN where there is no cost to tell it from."""
    return 1 / cost / GIGA if cost > 0 else float("nan")


def _verdict(one: Fitted, place: int, name: str, low: float, high: float) -> str:
    if not one.x[:, place].any():
        return "not testable: these cells have none of it"
    if name in one.model.alias:
        return f"not testable: in these cells it is in proportion to {one.model.alias[name]}"
    if not len(one.draws):
        return f"not testable: {TOO_FEW}"
    if high == 0:
        return "at zero"
    return "estimated" if low > 0 else "undetermined: its interval reaches zero"


def _standard_errors(one: Fitted) -> np.ndarray:
    """Of each cost above 0; NaN where the cells are too few."""
    errors = np.full(len(TERMS), np.nan)
    active, number = one.model.active, architectures(one.cells)
    if len(one.cells) <= active.sum() or number.max() + 1 < FEWEST_ARCHITECTURES:
        return errors
    rows = one.x[:, active] / one.cells["latency_s"].to_numpy(float)[:, None]
    length = np.linalg.norm(rows, axis=0)
    fit = sm.OLS(np.ones(len(rows)), rows / length).fit(
        cov_type="cluster", cov_kwds={"groups": number}
    )
    errors[active] = fit.bse / length
    return errors


def bounds(draws: np.ndarray, confidence: float, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Percentiles of (draws, size) at a confidence; NaN where nothing was drawn."""
    if not len(draws):
        return np.full(size, np.nan), np.full(size, np.nan)
    tail = (1 - confidence) / 2
    low, high = np.quantile(draws, [tail, 1 - tail], axis=0, method="nearest")
    return low, high
