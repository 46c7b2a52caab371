"""Folds, predictors, held-out errors, sentences, columns."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
import statsmodels.api as sm
from scipy.sparse import csr_array, hstack
from scipy.sparse.linalg import lsqr

from tfscale.analysis.slices import GROUP, GROUP_COLUMNS, SIZE, architecture, named, split, values
from tfscale.analysis.statistics import same_call
from tfscale.analysis.words import groups
from tfscale.analysis.work_model import fit_work, timed
from tfscale.axes import FACTORS
from tfscale.files.columns import Described, count, model_axes, number, text
from tfscale.units import three

TESTS = ("cell", "architecture", "level", "top level")
MOST_FOLDS = 60
"""With more cells or architectures than this, several are left out together."""
MOST_LEVELS = 20
"""Of a factor with more levels, this many are left out in turn, evenly chosen with both ends."""


@dataclass(frozen=True)
class Fold:
    """Positions of the cells that are left out, and what they have in common."""

    out: np.ndarray
    what: str


def folds(cells: pd.DataFrame, test: str) -> list[Fold]:
    """The folds of a test over cells of one group; every fold leaves some cells to learn from."""
    kinds = {
        "cell": lambda: _numbered(cells.groupby("cell", sort=False).ngroup().to_numpy()),
        "architecture": lambda: _numbered(architecture(cells).to_numpy()),
        "level": lambda: _levels(cells, top_only=False),
        "top level": lambda: _levels(cells, top_only=True),
    }
    return [fold for fold in kinds[test]() if 0 < len(fold.out) < len(cells)]


def spread(number: np.ndarray, most: int = MOST_FOLDS) -> np.ndarray:
    """Numbers from 0 merged into at most `most`, in an order that a fixed seed shuffles."""
    count = number.max() + 1
    if count <= most:
        return number
    return (np.random.default_rng(0).permutation(count) % most)[number]


def _numbered(number: np.ndarray) -> Iterator[Fold]:
    merged = spread(number)
    order = np.argsort(merged, kind="stable")
    for out in np.split(order, np.flatnonzero(np.diff(merged[order])) + 1):
        yield Fold(out, f"fold {merged[out[0]]}")


def _levels(cells: pd.DataFrame, top_only: bool) -> Iterator[Fold]:
    for factor in [axis for axis in FACTORS if axis in cells]:
        at = cells["called_batch" if factor == "batch_size" else factor].to_numpy()
        levels = np.unique(at)
        chosen = np.unique(np.linspace(0, len(levels) - 1, MOST_LEVELS).round().astype(int))
        for level in levels[-1:] if top_only else levels[chosen]:
            yield Fold(np.flatnonzero(at == level), f"{factor} {level}")


Predict = Callable[[pd.DataFrame], np.ndarray]
Fit = Callable[[pd.DataFrame], Predict]
SMALLEST_SHARE = 1e-3
TOLERANCE = 1e-9


def work_model(cells: pd.DataFrame) -> Predict:
    """The work model: a sum of costs of the work that a call does."""
    return fit_work(cells).predict


def constant(cells: pd.DataFrame) -> Predict:
    """The geometric mean, whatever the cell."""
    mean_s = float(np.exp(np.log(cells["latency_s"]).mean()))
    return lambda others: np.full(len(others), mean_s)


def log_log(cells: pd.DataFrame) -> Predict:
    """A power law in every factor and a multiple for every value of the axes without an order:
    ln t = a + sum of b ln x, by ordinary least squares."""
    factors, levels = factors_of(cells), _values(cells)

    def design(table: pd.DataFrame) -> np.ndarray:
        logs = [np.log(table[factor].to_numpy(float)) for factor in factors]
        own = [table[axis].to_numpy() == value for axis, found in levels.items() for value in found]
        return np.column_stack([np.ones(len(table)), *logs, *own])

    fitted = sm.OLS(np.log(cells["latency_s"].to_numpy(float)), design(cells)).fit()
    return lambda others: np.exp(design(others) @ fitted.params)


def law_per_factor(cells: pd.DataFrame) -> Predict:
    """A product of laws: the effect of each factor's levels, each smoothed by its best law, and of
    the values of the axes without an order, as they are.

    The effects come from ln t = a + sum of level effects (sparse least squares); a factor's law
    is the one of log, linear and power that leaves the least squares of ln t over its levels.
    """
    factors, plain = factors_of(cells), _values(cells)
    log_s = np.log(cells["latency_s"].to_numpy(float))
    levels = {factor: np.sort(cells[factor].unique()) for factor in factors}
    steps = {factor: levels[factor][1:] for factor in factors} | plain
    dummies = [csr_array(cells[axis].to_numpy()[:, None] == steps[axis]) for axis in steps]
    x = hstack([csr_array(np.ones((len(cells), 1))), *dummies], format="csr", dtype=float)
    effects = iter(lsqr(x, log_s, atol=TOLERANCE, btol=TOLERANCE)[0][1:])
    laws = {
        factor: _law(levels[factor], np.array([0.0, *(next(effects) for _ in levels[factor][1:])]))
        for factor in factors
    }

    multiples = {axis: {value: next(effects) for value in found} for axis, found in plain.items()}

    def smooth(others: pd.DataFrame) -> np.ndarray:
        parts = [law(others[factor].to_numpy(float)) for factor, law in laws.items()]
        parts += [others[axis].map(own).fillna(0).to_numpy() for axis, own in multiples.items()]
        return np.sum(parts, axis=0) if parts else np.zeros(len(others))

    scale = np.mean(log_s - smooth(cells))
    return lambda others: np.exp(scale + smooth(others))


def _law(levels: np.ndarray, effects: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """Log of the best law of a factor through the effects of its levels."""
    x, relative = levels.astype(float), np.exp(effects)
    slope, intercept = np.polyfit(np.log(x), effects, 1)
    laws: list[Callable[[np.ndarray], np.ndarray]] = [lambda at: intercept + slope * np.log(at)]
    laws += [_straight(x, relative, bend) for bend in (np.log, np.asarray)]
    return min(laws, key=lambda law: float(((law(x) - effects) ** 2).sum()))


def _straight(x: np.ndarray, relative: np.ndarray, bend: Callable) -> Callable:
    """Log of the line through relative time over bent levels, for errors in proportion to it."""
    slope, intercept = np.polyfit(bend(x), relative, 1, w=1 / relative)
    least = SMALLEST_SHARE * relative.min()
    return lambda at: np.log(np.maximum(intercept + slope * bend(at), least))


def factors_of(cells: pd.DataFrame) -> list[str]:
    """The axes with an order that vary, with the batch that the calls had."""
    axes = ["called_batch" if axis == "batch_size" else axis for axis in FACTORS]
    return [axis for axis in axes if axis in cells and cells[axis].nunique() > 1]


def _values(cells: pd.DataFrame) -> dict[str, np.ndarray]:
    """The values but the first of every axis without an order that varies."""
    return {axis: np.array(cells[axis].unique()[1:], dtype=object) for axis in values(cells)}


PREDICTORS: dict[str, Fit] = {
    "work model": work_model,
    "law per factor": law_per_factor,
    "log-log regression": log_log,
    "constant": constant,
}
"""The predictors that are compared, the best founded first."""


WITHIN_PERCENT = (5, 10, 15)
HELD_OUT = Described(
    {
        **GROUP_COLUMNS,
        "test": text("what is left out: a cell, an architecture, a level, a factor's top level"),
        "predictor": text("work model, law per factor, log-log regression or constant"),
        "folds": count("parts left out in turn"),
        "cells": count("cells left out in all"),
        "median_error_percent": number("median size of predicted / measured - 1"),
        **{
            f"within_{most}_percent": number(f"per cent of the cells missed by at most {most} %")
            for most in WITHIN_PERCENT
        },
        "rmspe_percent": number("root mean square of predicted / measured - 1"),
        "negative_predictions": count("cells with a predicted time below zero"),
        "noise_floor_percent": number("median change of a cell between rounds: none can be better"),
        "note": text("why there is no number"),
    }
)
SHOWN_TESTS = ("architecture", "top level")
"""The tests whose predictions are kept a cell: the one that is claimed, and extrapolation."""
HELD_OUT_CELLS = Described(
    {
        "cell": text("cell that was left out"),
        **GROUP_COLUMNS,
        **model_axes(),
        "called_batch": SIZE["called_batch"],
        "test": text("what was left out with it: its architecture, or a factor's top level"),
        "fold": text("the part that was left out"),
        "measured_s": number("latency of the cell"),
        "predicted_s": number("what the others let expect"),
    }
)


def held_out_tables(
    cells: pd.DataFrame,
    processes: pd.DataFrame | None = None,
    predictors: dict[str, Fit] = PREDICTORS,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Scores: one row a group of cells, test and predictor, with errors on the cells left out.

    An error (in per cent) is |predicted / measured - 1|. The tests leave out a cell, an
    architecture, a level of a factor, or a factor's top level. `noise_floor_percent` is the median
    change of a cell from one round to the next (of imported rows: between rows whose calls were the
    same); no predictor can be better than about that. Where a test has no fold the note says why.

    Cells: one row a cell and fold of `SHOWN_TESTS` that left it out, with what the first predictor
    said of it (s).
    """
    rows = []
    shown = [pd.DataFrame(columns=HELD_OUT_CELLS.names)]
    for group, table in split(timed(cells), GROUP):
        floor = 100 * noise_floor(table, processes)
        for test in TESTS:
            parts = folds(table, test)
            head = named(group) | {"test": test, "folds": len(parts), "noise_floor_percent": floor}
            if not parts:
                why = {"cells": 0, "note": _why(test)}
                rows += [head | why | {"predictor": name} for name in predictors]
                continue
            out = _out(table, parts)
            for name, predicted_s in _predictions(table, parts, predictors).items():
                scores = _scores(predicted_s, out["measured_s"].to_numpy())
                rows.append(head | {"predictor": name} | scores)
                if test in SHOWN_TESTS and name == next(iter(predictors)):
                    found = out.assign(test=test, predicted_s=predicted_s)
                    shown.append(table.iloc[out["position"]].reset_index(drop=True).join(found))
    return (
        pd.DataFrame(rows, columns=HELD_OUT.names),
        pd.concat(
            [part.reindex(columns=HELD_OUT_CELLS.names) for part in shown[1:] or shown],
            ignore_index=True,
        ),
    )


def left_out(cells: pd.DataFrame, parts: list[Fold], fit: Fit) -> pd.DataFrame:
    """One row a cell left out: its position, the fold, predicted and measured seconds."""
    return _out(cells, parts).assign(predicted_s=_predictions(cells, parts, {"": fit})[""])


def _out(cells: pd.DataFrame, parts: list[Fold]) -> pd.DataFrame:
    """Position, fold and measured seconds of the cells left out, fold after fold."""
    out = np.concatenate([fold.out for fold in parts])
    return pd.DataFrame(
        {
            "position": out,
            "fold": np.repeat([fold.what for fold in parts], [len(fold.out) for fold in parts]),
            "measured_s": cells["latency_s"].to_numpy(float)[out],
        }
    )


def _predictions(
    cells: pd.DataFrame, parts: list[Fold], predictors: dict[str, Fit]
) -> dict[str, np.ndarray]:
    """What each predictor says of the cells left out, fold after fold."""
    found: dict[str, list[np.ndarray]] = {name: [] for name in predictors}
    for fold in parts:
        kept = cells.iloc[np.delete(np.arange(len(cells)), fold.out)].reset_index(drop=True)
        out = cells.iloc[fold.out]
        for name, fit in predictors.items():
            found[name].append(fit(kept)(out))
    return {name: np.concatenate(made) for name, made in found.items()}


def _scores(predicted_s: np.ndarray, measured_s: np.ndarray) -> dict:
    error = 100 * np.abs(predicted_s / measured_s - 1)
    return {
        "cells": len(error),
        "median_error_percent": float(np.median(error)),
        **{f"within_{most}_percent": 100 * (error <= most).mean() for most in WITHIN_PERCENT},
        "rmspe_percent": float(np.sqrt((error**2).mean())),
        "negative_predictions": int((predicted_s < 0).sum()),
        "note": "",
    }


def _why(test: str) -> str:
    what = "level of any factor" if "level" in test else test
    return f"not testable: there is no second {what} to learn from"


def noise_floor(cells: pd.DataFrame, processes: pd.DataFrame | None) -> float:
    """Median |change| of a cell's latency from a round to the next, as a share; NaN if unknown."""
    if processes is not None and len(processes):
        here = processes["machine"].isin(cells["machine"]) & processes["cell"].isin(cells["cell"])
        by_round = processes[here].groupby(["cell", "round"])["latency_s"].median()
        change = (by_round / by_round.groupby("cell").shift() - 1).abs().dropna()
        if len(change):
            return float(change.median())
    alike = cells.groupby(same_call(cells))["latency_s"]
    change = (cells["latency_s"] / alike.shift() - 1).abs().dropna()
    return float(change.median()) if len(change) else float("nan")


def held_out_words(table: pd.DataFrame) -> list[str]:
    """Say how far the work model misses the architectures that were left out, a sentence a group of
    the first table of `held_out_tables`."""
    main = table[(table["test"] == "architecture") & (table["predictor"] == "work model")]
    return [_sentence(name, own.iloc[0]) for name, own in groups(main)]


def _sentence(name: str, row: pd.Series) -> str:
    if not row["folds"]:
        return f"{name}: held-out errors are {row['note']}."
    return (
        f"{name}: with an architecture left out, the work model misses by "
        f"{three(row['median_error_percent'])} % (median; {row['within_10_percent']:.0f} % of "
        f"{row['cells']} cells within 10 %)."
    )
