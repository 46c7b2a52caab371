"""The fitted laws as curves that the page can draw: no formula is written twice."""

import numpy as np
import pandas as pd

from tfscale.analysis.law_forms import predicted
from tfscale.analysis.law_words import best_law
from tfscale.report.page_script import brief

POINTS = 25
KEYS = ["machine", "model", "factor"]


def law_curves(laws: pd.DataFrame, cells: pd.DataFrame) -> list[dict[str, object]]:
    """One dict a machine, model, factor and law of all slices pooled: its relative time at every
    level and between the lowest and the highest that were fitted, never beyond; `nearest` marks
    the law with the largest weight. Machines that are not in `cells` are left out."""
    own = laws[laws["machine"].isin(cells["machine"]) & laws["slice"].isin(("pooled", "all"))]
    curves = []
    for _, rows in own.groupby(KEYS, sort=False):
        nearest = best_law(rows)["law"]
        for row in rows.to_dict("records"):
            x = _levels(row, cells)
            y = [brief(value) for value in predicted(row["law"], x, row)]
            if any(value is not None for value in y):
                curves.append(
                    {key: row[key] for key in KEYS}
                    | {"law": row["law"], "formula": row["formula"]}
                    | {"verdict": str(row["verdict"]), "fate": str(row["fate"])}
                    | {"nearest": bool(row["law"] == nearest)}
                    | {"x": x.tolist(), "y": y}
                )
    return curves


def _levels(row: dict, cells: pd.DataFrame) -> np.ndarray:
    """The levels that cells have, and points between them."""
    own = cells[(cells["machine"] == row["machine"]) & (cells["model"] == row["model"])]
    levels = own[row["factor"]].to_numpy(dtype=float)
    low, high = row["lowest"], row["highest"]
    between = np.geomspace(low, high, POINTS)[1:-1].round(4)
    inside = levels[(levels >= low) & (levels <= high)]
    return np.unique(np.concatenate([inside, between]))
