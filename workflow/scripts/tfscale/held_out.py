"""How well cells are predicted that a predictor has not seen, beside how well they repeat."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from tfscale.folds import TESTS, Fold, folds
from tfscale.predictors import PREDICTORS, Fit
from tfscale.replicates import SAME_CALL
from tfscale.workload import GROUP, named, timed

WITHIN_PERCENT = (5, 10, 15)
COLUMNS = (
    *GROUP, "test", "predictor", "folds", "cells", "median_error_percent",
    *(f"within_{limit}_percent" for limit in WITHIN_PERCENT), "rmspe_percent",
    "negative_predictions", "noise_floor_percent", "note",
)  # fmt: skip


def held_out(
    cells: pd.DataFrame, visits: pd.DataFrame | None = None, predictors: dict[str, Fit] = PREDICTORS
) -> pd.DataFrame:
    """One row a group of cells, test and predictor: errors on the cells left out, in per cent.

    An error is |predicted / measured - 1|. The tests leave out a cell, an architecture, a level of
    a factor, or a factor's top level. `noise_floor_percent` is the median change of a cell from
    one round to the next (of imported rows: between rows whose calls were the same); no predictor
    can be better than about that. Where a test has no fold the note says why. Raises StudyError
    for a time that is none.
    """
    rows = []
    for group, table in timed(cells).groupby(GROUP, sort=False):
        table = table.reset_index(drop=True)
        floor = 100 * noise_floor(table, visits)
        for test in TESTS:
            parts = folds(table, test)
            for name, fit in predictors.items():
                head = named(group) | {"test": test, "predictor": name, "folds": len(parts)}
                scores = _scores(table, parts, fit) if parts else {"cells": 0, "note": _why(test)}
                rows.append(head | scores | {"noise_floor_percent": floor})
    return pd.DataFrame(rows, columns=COLUMNS)


def left_out(cells: pd.DataFrame, parts: list[Fold], fit: Fit) -> pd.DataFrame:
    """One row a cell left out: its position, the fold, predicted and measured seconds."""
    return pd.concat(list(_left_out(cells, parts, fit)), ignore_index=True)


def _left_out(cells: pd.DataFrame, parts: list[Fold], fit: Fit) -> Iterator[pd.DataFrame]:
    for fold in parts:
        predict = fit(cells.drop(index=cells.index[fold.out]).reset_index(drop=True))
        out = cells.iloc[fold.out]
        yield pd.DataFrame(
            {
                "position": fold.out,
                "fold": fold.what,
                "predicted_s": predict(out),
                "measured_s": out["latency_s"].to_numpy(float),
            }
        )


def _scores(cells: pd.DataFrame, parts: list[Fold], fit: Fit) -> dict:
    found = left_out(cells, parts, fit)
    error = 100 * (found["predicted_s"] / found["measured_s"] - 1).abs()
    return {
        "cells": len(found),
        "median_error_percent": error.median(),
        **{f"within_{most}_percent": 100 * (error <= most).mean() for most in WITHIN_PERCENT},
        "rmspe_percent": float(np.sqrt((error**2).mean())),
        "negative_predictions": int((found["predicted_s"] < 0).sum()),
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
