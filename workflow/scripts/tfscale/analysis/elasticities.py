"""Local elasticities: by how many per cent time grows for one per cent of a factor, by level."""

import numpy as np
import pandas as pd
from scipy.stats import t

from tfscale.analysis.slicing import (
    called,
    checked,
    median_variance,
    points,
    replicates,
    slice_names,
    slice_numbers,
)
from tfscale.axes import FACTORS

COLUMNS = (
    "machine", "model", "factor", "slice", "x_low", "x_high", "elasticity", "elasticity_low",
    "elasticity_high", "slices", "interval",
)  # fmt: skip
POOLED = "pooled"


def elasticities(
    cells: pd.DataFrame, confidence: float, visits: pd.DataFrame | None = None
) -> pd.DataFrame:
    """One row a slice and pair of neighbouring levels, and one pooled over slices.

    elasticity = d ln time / d ln x. Intervals are Student's t: of a pooled row over its slices
    (`interval` is "slices"), of a single one from the visits, or duplicates, of both cells
    ("replicates"), NaN where neither is known ("none"). Raises StudyError on latencies that are no
    times.
    """
    parts = []
    for (machine, model), table in checked(cells).groupby(["machine", "model"], sort=False):
        known = replicates(table, visits)
        for factor in FACTORS:
            pairs = _pairs(table, known, factor, confidence)
            if len(pairs):
                both = pd.concat([_pooled(pairs, confidence), pairs], ignore_index=True)
                parts.append(both.assign(machine=machine, model=model, factor=factor))
    found = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()
    return found.reindex(columns=list(COLUMNS))


def _pairs(
    cells: pd.DataFrame, known: pd.DataFrame, factor: str, confidence: float
) -> pd.DataFrame:
    """Neighbouring levels of every slice along `factor`."""
    numbers = slice_numbers(cells, factor)
    known = known.assign(x=called(cells, factor), number=numbers, latency_s=cells["latency_s"])
    table = points(known, ["number", "x"]).reset_index()
    above, same = table.shift(-1), table["number"].eq(table["number"].shift(-1))
    ratio = np.log(above["x"] / table["x"])
    freedom = table["df"] + above["df"]
    variance = median_variance(known) * (table["ss"] + above["ss"]) / freedom.where(freedom > 0)
    error = np.sqrt(variance * (1 / table["visits"] + 1 / above["visits"]))
    value = (above["log_s"] - table["log_s"]) / ratio
    margin = t.ppf((1 + confidence) / 2, freedom.where(freedom > 0)) * error / ratio
    pairs = pd.DataFrame(
        {
            "number": table["number"],
            "x_low": table["x"],
            "x_high": above["x"],
            "elasticity": value,
            "elasticity_low": value - margin,
            "elasticity_high": value + margin,
            "slices": 1,
            "interval": np.where(np.isnan(margin), "none", "replicates"),
        }
    )[same]
    names = slice_names(cells, factor).groupby(numbers).first()
    return pairs.assign(slice=pairs["number"].map(names)).drop(columns="number")


def _pooled(pairs: pd.DataFrame, confidence: float) -> pd.DataFrame:
    """The mean over slices of each pair of levels."""
    pooled = pairs.groupby(["x_low", "x_high"])["elasticity"].agg(["mean", "sem", "size"])
    freedom = (pooled["size"] - 1).where(pooled["size"] > 1)
    margin = t.ppf((1 + confidence) / 2, freedom) * pooled["sem"]
    return pd.DataFrame(
        {
            "slice": POOLED,
            "elasticity": pooled["mean"],
            "elasticity_low": pooled["mean"] - margin,
            "elasticity_high": pooled["mean"] + margin,
            "slices": pooled["size"],
            "interval": np.where(margin.isna(), "none", "slices"),
        }
    ).reset_index()
