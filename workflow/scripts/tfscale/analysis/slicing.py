"""Slices of a study: cells that differ along one factor alone, and what is known of their noise."""

import numpy as np
import pandas as pd
from scipy.stats import gmean

from tfscale.axes import AXES, FACTORS
from tfscale.errors import StudyError

MEDIAN_VARIANCE = np.pi / 2
"""Variance of the median of many normal values over that of their mean (Kenney and Keeping)."""


def checked(cells: pd.DataFrame) -> pd.DataFrame:
    """The cells, a row that only repeats another one once; StudyError that names those with a
    latency or an axis that is no number above 0."""
    for column in ("latency_s", *(axis for axis in FACTORS if axis in cells)):
        value = pd.to_numeric(cells[column], errors="coerce")
        bad = cells[~(np.isfinite(value) & (value > 0))]
        if len(bad):
            names = ", ".join(bad["cell"].astype(str).iloc[:3]) + (" …" if len(bad) > 3 else "")
            raise StudyError(f"{column} must be a number above 0, which it is not in {names}")
    return cells[~cells.duplicated(["machine", "cell", "latency_s"])]


def called(cells: pd.DataFrame, factor: str) -> pd.Series:
    """The level of `factor` that the calls really had: an imported batch size may be nominal."""
    real = factor == "batch_size" and "called_batch" in cells
    return cells["called_batch" if real else factor].astype(float)


def fixed_axes(cells: pd.DataFrame, factor: str) -> pd.DataFrame:
    """All axes but `factor`; the batch size is that of the calls, so that the nominal batch sizes
    of an imported table are replicates of one architecture."""
    others = cells[[axis for axis in AXES if axis != factor]].copy()
    if "batch_size" in others:
        others["batch_size"] = called(cells, "batch_size").astype(int)
    return others


def slice_numbers(cells: pd.DataFrame, factor: str) -> pd.Series:
    """The number of each cell's slice along `factor`: all other axes fixed."""
    others = fixed_axes(cells, factor)
    return others.groupby(list(others), sort=False, dropna=False).ngroup()


def slices(cells: pd.DataFrame, factor: str) -> tuple[pd.Series, pd.Series]:
    """Relative time of each cell of a model that another differs from in `factor` alone, and the
    number of its slice along `factor`; cells without such another say nothing and are left out."""
    number = slice_numbers(cells, factor)
    used = cells.groupby(number)[factor].transform("nunique") > 1
    scale = cells.groupby(number)["latency_s"].transform(gmean)
    return (cells["latency_s"] / scale)[used], number[used]


def slice_names(cells: pd.DataFrame, factor: str) -> pd.Series:
    """For each cell the other axes that vary among `cells`: `layers=4 conv_size=3`, or `all`."""
    others = fixed_axes(cells, factor).drop(columns="model")
    names = pd.Series("", index=cells.index)
    for axis in others.columns[others.nunique() > 1]:
        names += f" {axis}=" + others[axis].astype(str)
    return names.str.strip().replace("", "all")


def replicates(cells: pd.DataFrame, visits: pd.DataFrame | None) -> pd.DataFrame:
    """What the visits say of each cell's noise, with the index of `cells`.

    Columns: mean_log (mean of ln p50_s over clean visits, ln latency_s without any), within_ss (sum
    of squares about it), within_df, visits (1 without any). `visits` has cell, machine, p50_s and
    may have disturbed; a cell whose visits were all disturbed counts them all.
    """
    own = pd.DataFrame(
        {"mean_log": np.log(cells["latency_s"]), "within_ss": 0.0, "within_df": 0, "visits": 1}
    )
    if visits is None or visits.empty:
        return own
    table = clean_visits(visits).assign(log_s=lambda rows: np.log(rows["p50_s"]))
    stats = table.groupby(["cell", "machine"])["log_s"].agg(["mean", "var", "size"])
    found = stats.reindex(pd.MultiIndex.from_frame(cells[["cell", "machine"]]))
    known = found["size"].notna().to_numpy()
    size = found["size"].fillna(1).to_numpy()
    own["mean_log"] = np.where(known, found["mean"], own["mean_log"])
    own["within_ss"] = found["var"].fillna(0).to_numpy() * (size - 1)
    own["within_df"] = (size - 1).astype(int)
    own["visits"] = size.astype(int)
    return own


def clean_visits(visits: pd.DataFrame) -> pd.DataFrame:
    """The visits that count: those not disturbed, or all of a cell that has no others."""
    table = visits[visits["p50_s"] > 0]
    if "disturbed" not in table:
        return table
    clean = ~table["disturbed"].astype(bool)
    return table[clean | ~clean.groupby([table["cell"], table["machine"]]).transform("any")]


def points(known: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """One row a value of `by` (a level, perhaps of a slice), from cells with the columns of
    `replicates` and latency_s: log_s (mean of ln latency_s), visits, and the pure error ss with its
    df, in which cells of one level are replicates too."""
    groups = known.assign(log_s=np.log(known["latency_s"])).groupby(by)
    between = known["visits"] * (known["mean_log"] - groups["mean_log"].transform("mean")) ** 2
    table = groups.agg(
        log_s=("log_s", "mean"), visits=("visits", "sum"), df=("within_df", "sum")
    )  # fmt: skip
    table["df"] += groups.size() - 1
    table["ss"] = (known["within_ss"] + between).groupby([known[column] for column in by]).sum()
    return table


def median_variance(known: pd.DataFrame) -> float:
    """Variance of a point over that of the mean of its replicates: a median's if it has visits."""
    return MEDIAN_VARIANCE if known["within_df"].any() else 1.0
