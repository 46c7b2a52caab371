"""How well cells are predicted that a predictor has not seen, beside how well they repeat."""

import numpy as np
import pandas as pd

from tfscale.analysis.folds import TESTS, Fold, folds
from tfscale.analysis.predictors import PREDICTORS, Fit
from tfscale.analysis.replicates import SAME_CALL
from tfscale.analysis.workload import ARCHITECTURE, GROUP, named, timed

WITHIN_PERCENT = (5, 10, 15)
COLUMNS = (
    *GROUP, "test", "predictor", "folds", "cells", "median_error_percent",
    *(f"within_{limit}_percent" for limit in WITHIN_PERCENT), "rmspe_percent",
    "negative_predictions", "noise_floor_percent", "note",
)  # fmt: skip
SHOWN_TESTS = ("architecture", "top level")
"""The tests whose predictions are kept a cell: the one that is claimed, and extrapolation."""
CELL_COLUMNS = (
    "cell", *GROUP, *ARCHITECTURE, "called_batch", "test", "fold", "predictor", "measured_s",
    "predicted_s",
)  # fmt: skip


def held_out(
    cells: pd.DataFrame, visits: pd.DataFrame | None = None, predictors: dict[str, Fit] = PREDICTORS
) -> pd.DataFrame:
    """The first table of `held_out_tables`."""
    return held_out_tables(cells, visits, predictors)[0]


def held_out_tables(
    cells: pd.DataFrame, visits: pd.DataFrame | None = None, predictors: dict[str, Fit] = PREDICTORS
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Scores: one row a group of cells, test and predictor, with errors on the cells left out.

    An error (in per cent) is |predicted / measured - 1|. The tests leave out a cell, an
    architecture, a level of a factor, or a factor's top level. `noise_floor_percent` is the median
    change of a cell from one round to the next (of imported rows: between rows whose calls were the
    same); no predictor can be better than about that. Where a test has no fold the note says why.

    Cells: one row a cell and fold of `SHOWN_TESTS` that left it out, with what the first predictor
    said of it (s). Raises StudyError for a time that is none.
    """
    rows = []
    shown = [pd.DataFrame(columns=CELL_COLUMNS)]
    for group, table in timed(cells).groupby(GROUP, sort=False):
        table = table.reset_index(drop=True)
        floor = 100 * noise_floor(table, visits)
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
                    found = out.assign(test=test, predictor=name, predicted_s=predicted_s)
                    shown.append(table.iloc[out["position"]].reset_index(drop=True).join(found))
    return (
        pd.DataFrame(rows, columns=COLUMNS),
        pd.concat([part[list(CELL_COLUMNS)] for part in shown[1:] or shown], ignore_index=True),
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


def noise_floor(cells: pd.DataFrame, visits: pd.DataFrame | None) -> float:
    """Median |change| of a cell's latency from a round to the next, as a share; NaN if unknown."""
    if visits is not None and len(visits):
        own = visits[visits["machine"].isin(cells["machine"]) & visits["cell"].isin(cells["cell"])]
        own = own[~own["disturbed"].fillna(False).astype(bool)]
        if "sentinel" in own:
            own = own[~own["sentinel"].fillna(False).astype(bool)]
        by_round = own.groupby(["cell", "round"])["p50_s"].median()
        change = (by_round / by_round.groupby("cell").shift() - 1).abs().dropna()
        if len(change):
            return float(change.median())
    alike = cells.groupby(SAME_CALL)["latency_s"]
    change = (cells["latency_s"] / alike.shift() - 1).abs().dropna()
    return float(change.median()) if len(change) else float("nan")
