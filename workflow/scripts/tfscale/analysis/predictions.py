"""Cells that were not run, CV+ intervals, largest model within a latency.

Barber, Candès, Ramdas and Tibshirani (2021), Predictive inference with the jackknife+, Annals of
Statistics 49(1), section 3. Residuals are those of ln t, so that intervals are never negative.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from tfscale.analysis.held_out import Predict, spread, work_model
from tfscale.analysis.material import with_work
from tfscale.analysis.slices import (
    GROUP,
    GROUP_COLUMNS,
    SETTING,
    SIZE,
    architecture,
    named,
    shape,
    split,
)
from tfscale.analysis.work_model import timed
from tfscale.axes import AXES, FACTORS, Cell
from tfscale.files.columns import Described, axes, bounded, count, number, text
from tfscale.units import percent

FOLDS = 20
FEWEST_FOLDS = 3
SMALLEST_S = 1e-12
ASKED = 0.9
"""The coverage of a prediction's interval."""


@dataclass(frozen=True)
class CrossValidated:
    """The work model fitted without each part of the cells, and how far it misses that part."""

    without: list[Predict]
    fold: np.ndarray
    residuals: np.ndarray

    def interval(self, cells: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
        """Bounds in seconds of a call of each cell; infinite when there are too few residuals."""
        logs = np.array([_log(predict(cells)) for predict in self.without])[self.fold]
        low = np.sort(logs - self.residuals[:, None], axis=0)
        high = np.sort(logs + self.residuals[:, None], axis=0)
        count = len(self.residuals)
        tail = int(np.floor((1 - ASKED) * (count + 1) + 1e-9))
        if tail < 1:
            return np.zeros(len(cells)), np.full(len(cells), np.inf)
        return np.exp(low[tail - 1]), np.exp(high[count - tail])


def cross_validated(cells: pd.DataFrame, part: np.ndarray) -> CrossValidated | None:
    """Fit to the cells of a group without each part, whose number `part` holds for every cell (more
    than 20 parts are merged into 20).

    None with fewer than three parts: there is nothing to tell an interval from.
    """
    fold = spread(part, FOLDS)
    if fold.max() + 1 < FEWEST_FOLDS:
        return None
    without, residuals = [], np.empty(len(cells))
    for left_out in range(fold.max() + 1):
        out = fold == left_out
        without.append(work_model(cells[~out].reset_index(drop=True)))
        measured = cells.loc[out, "latency_s"].to_numpy(float)
        residuals[out] = np.abs(np.log(measured) - _log(without[-1](cells[out])))
    return CrossValidated(without, fold, residuals)


def covered(cells: pd.DataFrame) -> np.ndarray:
    """Whether each cell's latency lies in the interval made without its architecture.

    Empty with fewer than four architectures, or too few cells for a bounded interval.
    """
    fold = spread(architecture(cells).to_numpy(), FOLDS)
    inside = np.zeros(len(cells), dtype=bool)
    for part in range(fold.max() + 1):
        out = fold == part
        rest = cells[~out].reset_index(drop=True)
        made = cross_validated(rest, architecture(rest).to_numpy()) if len(rest) else None
        if made is None:
            return np.empty(0, dtype=bool)
        low, high = made.interval(cells[out])
        if np.isinf(high).any():
            return np.empty(0, dtype=bool)
        measured = cells.loc[out, "latency_s"].to_numpy(float)
        inside[out] = (low <= measured) & (measured <= high)
    return inside


def _log(seconds: np.ndarray) -> np.ndarray:
    return np.log(np.maximum(seconds, SMALLEST_S))


TOO_FEW = "at least 4 architectures, and about 10 cells besides one, are needed for 90 %"
PREDICTIONS = Described(
    {
        "machine": text("machine"),
        "cell": text("cell that is predicted"),
        "why": text("predict = asked for; sample = a cell of the grid that is not timed; check"),
        **axes(),
        **SIZE,
        **bounded("latency", "predicted seconds a call", "_s"),
        "coverage": number("coverage of the interval; missing = no interval"),
        "measured_s": number("latency of the cell, if it was run after all"),
        "extrapolates": text("axes beyond what was run; empty = none"),
        "note": text("why there is no prediction or no interval"),
    }
)
COVERAGE = Described(
    {
        **GROUP_COLUMNS,
        "asked_percent": number("coverage asked of a prediction's interval"),
        "covered_percent": number("cells of architectures left out that it held"),
        "cells": count("cells"),
        "architectures": count("architectures left out in turn"),
        "note": text("why there is no number"),
    }
)


def predict_cells(
    cells: pd.DataFrame,
    asked: Mapping[str, Mapping[str, Cell]],
    work: Mapping[str, dict],
    run: pd.DataFrame,
) -> pd.DataFrame:
    """One row a machine and cell of `asked` (why, then the cells by name): the work model's
    latency_s with a CV+ interval, by folds of cells where the cell's architecture was timed, of
    architectures where it was not. `work` holds the columns WORK by the name of an architecture,
    `run` all cells that were timed.

    `extrapolates` names the axes whose value lies outside what the machine's own cells of the
    same model and setting cover; empty = none. There the interval promises nothing. `measured_s`
    is the latency of a cell that was run after all. Where nothing can be predicted `note` says
    why.
    """
    wanted = cells_with_work(asked, work)
    rows: list[pd.DataFrame] = []
    for machine, own in timed(cells).groupby("machine", sort=False):
        learned = dict(split(own, ["model", *SETTING]))
        for group, asked in split(wanted, ["model", *SETTING]):
            made = _predicted(machine, learned.get(group), asked)
            rows.append(made.reindex(columns=PREDICTIONS.names))
    table = pd.concat(rows, ignore_index=True) if rows else pd.DataFrame(columns=PREDICTIONS.names)
    key = ["machine", "cell", "called_batch"]  # an imported cell's calls may have had another batch
    known = run.drop_duplicates(key).set_index(key)["latency_s"]
    table["measured_s"] = known.reindex(pd.MultiIndex.from_frame(table[key])).array
    return table[PREDICTIONS.names]


def with_sampled(cells: pd.DataFrame, predictions: pd.DataFrame) -> pd.DataFrame:
    """The cells, and those that a sample leaves out at their latency by `predictions`, where that
    is not beyond what was run; `predicted` is 1 for these, 0 for the others."""
    own = cells.assign(predicted=0.0)
    inside = predictions["latency_s"].notna() & (predictions["extrapolates"] == "")
    left_out = predictions[(predictions["why"] == "sample") & inside].assign(predicted=1.0)
    return pd.concat([own, left_out], join="inner", ignore_index=True) if len(left_out) else own


def cells_with_work(
    asked: Mapping[str, Mapping[str, Cell]], work: Mapping[str, dict]
) -> pd.DataFrame:
    """Cells that were not run (why, then the cells by name) with the work of each."""
    rows = [
        {"cell": name, "why": why} | cell
        for why, cells in asked.items()
        for name, cell in cells.items()
    ]
    table = pd.DataFrame(rows, columns=["cell", "why", *AXES])
    return with_work(table.assign(called_batch=table["batch_size"]), work, "predict")


def _predicted(machine: str, own: pd.DataFrame | None, asked: pd.DataFrame) -> pd.DataFrame:
    table = asked.assign(machine=machine, extrapolates="", note="")
    if own is None:
        return table.assign(note="not testable: no cell of this model and setting was run")
    table["extrapolates"] = _outside(own, asked)
    table["latency_s"] = work_model(own)(asked)
    both = architecture(pd.concat([own, asked], ignore_index=True)).to_numpy()
    of_own, of_asked = np.split(both, [len(own)])
    is_timed = np.isin(of_asked, of_own)  # with other axes of the call
    parts = ((is_timed, np.arange(len(own))), (~is_timed, of_own))
    return pd.concat(
        [
            table[rows].assign(**_interval(own, part, asked[rows]))
            for rows, part in parts
            if rows.any()
        ]
    ).sort_index()


def _interval(own: pd.DataFrame, part: np.ndarray, asked: pd.DataFrame) -> dict[str, Any]:
    """Columns of the interval that folds of these parts give, or the note why there is none."""
    made, few = cross_validated(own, part), f"{len(own)} cells are too few for {percent(ASKED)}"
    if made is None:
        why = few if len(own) < FEWEST_FOLDS else "at least 3 architectures are needed"
        return {"note": f"no interval: {why}"}
    low, high = made.interval(asked)
    if not np.isfinite(high).all():
        return {"note": f"no interval: {few}"}
    return {"latency_low_s": low, "latency_high_s": high, "coverage": ASKED}


def _outside(own: pd.DataFrame, asked: pd.DataFrame) -> list[str]:
    """For each cell the axes beyond what was run, e.g. `depth 12 > 10`, `activation gelu`."""
    told = [[] for _ in range(len(asked))]  # type: list[list[str]]
    for axis in [axis for axis in shape(asked) if axis not in FACTORS]:
        for parts, value in zip(told, asked[axis], strict=True):
            if value not in set(own[axis]):
                parts.append(f"{axis} {value}")
    for factor in [axis for axis in FACTORS if axis in asked]:
        run = own["called_batch" if factor == "batch_size" else factor]
        low, high = run.min(), run.max()
        for parts, value in zip(told, asked[factor], strict=True):
            if value > high:
                parts.append(f"{factor} {value} > {high}")
            elif value < low:
                parts.append(f"{factor} {value} < {low}")
    return ["; ".join(parts) for parts in told]


def coverage_table(cells: pd.DataFrame) -> pd.DataFrame:
    """One row a group: how often the interval of an architecture left out holds its latencies."""
    return pd.DataFrame(list(_coverages(cells)), columns=COVERAGE.names)


def _coverages(cells: pd.DataFrame) -> Iterator[dict]:
    for group, own in split(timed(cells), GROUP):
        inside = covered(own)
        yield named(group) | {
            "asked_percent": 100 * ASKED,
            "covered_percent": 100 * inside.mean() if len(inside) else np.nan,
            "cells": len(own),
            "architectures": architecture(own).nunique(),
            "note": "" if len(inside) else f"not testable: {TOO_FEW}",
        }


SIZES = {"FLOP": "flop_per_example", "weights": "read_weight_bytes"}
"""What makes a model large."""
BUDGET = Described(
    {
        "machine": text("machine"),
        "source": text("measured or predicted"),
        "largest_by": text("measure of size: FLOP or weights"),
        "budget_s": number("longest call allowed (`budget.latency_ms`)"),
        "cell": text("largest model within it; missing = none"),
        **axes(),
        **SIZE,
        **bounded("latency", "seconds a call", "_s"),
        "verdict": text("within, undetermined, extrapolated, no interval, or none within it"),
    }
)


def within_budget(
    cells: pd.DataFrame, predicted: pd.DataFrame, latency_ms: float | None
) -> pd.DataFrame:
    """One row a machine, model, source (measured, predicted) and measure of size: the cell with the
    largest model within `latency_ms` a call (none asked: no row), and of those the one with the
    largest batch.

    `verdict`: within (so is its interval's upper end), undetermined (its interval reaches
    beyond), extrapolated, no interval, or that none is within, with the fastest.
    """
    if latency_ms is None:
        return pd.DataFrame(columns=BUDGET.names)
    sources = {"measured": cells, "predicted": predicted}
    rows = [
        row
        for source, table in sources.items()
        if len(table)
        for row in _largest(table, source, latency_ms / 1000)
    ]
    return pd.DataFrame(rows, columns=BUDGET.names)


def _largest(table: pd.DataFrame, source: str, budget_s: float) -> Iterator[dict]:
    known = table[table["latency_s"] > 0].assign(extrapolates=table.get("extrapolates", ""))
    latencies = ["latency_s", "latency_low_s", "latency_high_s"]
    kept = ["cell", *AXES, "called_batch", *SIZES.values(), *latencies]
    known = known.reindex(columns=["machine", "extrapolates", *kept])
    for (machine, model), own in known.groupby(["machine", "model"], sort=False):
        within = own[own["latency_s"] <= budget_s]
        for name, size in SIZES.items():
            head = {"machine": machine, "source": source, "largest_by": name, "budget_s": budget_s}
            if within.empty:
                fastest = own.loc[own["latency_s"].idxmin()]
                why = f"none within it; the fastest, {fastest['cell']}, takes "
                why += f"{1000 * fastest['latency_s']:.3g} ms"
                yield head | {"model": model, "verdict": why}
                continue
            order = [size, "called_batch", "latency_s"]
            best = within.sort_values(order, ascending=[False, False, True]).iloc[0]
            yield head | best[kept].to_dict() | {"verdict": _verdict(best, budget_s)}


def _verdict(best: pd.Series, budget_s: float) -> str:
    if best["extrapolates"]:
        return f"extrapolated ({best['extrapolates']})"
    if not np.isfinite(best["latency_high_s"]):
        return "no interval"
    return (
        "within"
        if best["latency_high_s"] <= budget_s
        else "undetermined: its interval reaches beyond"
    )
