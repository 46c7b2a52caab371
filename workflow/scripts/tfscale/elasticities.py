"""Local elasticities: by how many per cent time grows for one per cent of a factor, by level."""

import numpy as np
import pandas as pd
from scipy.stats import t

from tfscale.axes import FACTORS
from tfscale.slicing import (
    MEDIAN_VARIANCE,
    called,
    checked,
    replicates,
    slice_names,
    slice_numbers,
)

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
    (`interval` is "slices"), of a single one from the visits of both cells ("visits"), NaN where
    neither is known ("none"). Raises StudyError on latencies that are no times.
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
    table = known.assign(
        x=called(cells, factor),
        number=slice_numbers(cells, factor),
        log_s=np.log(cells["latency_s"]),
    )
    points = table.groupby(["number", "x"]).agg(
        log_s=("log_s", "mean"), ss=("within_ss", "sum"), df=("within_df", "sum"),
        visits=("visits", "sum"),
    ).reset_index()  # fmt: skip
    above, same = points.shift(-1), points["number"].eq(points["number"].shift(-1))
    ratio = np.log(above["x"] / points["x"])
    freedom = points["df"] + above["df"]
    variance = (points["ss"] + above["ss"]) / freedom.where(freedom > 0)
    error = np.sqrt(MEDIAN_VARIANCE * variance * (1 / points["visits"] + 1 / above["visits"]))
    value = (above["log_s"] - points["log_s"]) / ratio
    margin = t.ppf((1 + confidence) / 2, freedom.where(freedom > 0)) * error / ratio
    pairs = pd.DataFrame(
        {
            "number": points["number"],
            "x_low": points["x"],
            "x_high": above["x"],
            "elasticity": value,
            "elasticity_low": value - margin,
            "elasticity_high": value + margin,
            "slices": 1,
            "interval": np.where(np.isnan(margin), "none", "visits"),
        }
    )[same]
    names = slice_names(cells, factor).groupby(table["number"]).first()
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
