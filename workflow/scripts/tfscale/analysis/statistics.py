"""Bootstrap of visits, corrections for many tests, noncentral F."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.optimize import brentq
from scipy.stats import ncf
from statsmodels.stats.multitest import multipletests

from tfscale.analysis.slices import ARCHITECTURE, clean_visits
from tfscale.axes import AXES
from tfscale.errors import StudyError

METHODS = {"primary": "holm", "exploratory": "fdr_bh"}


def adjust(tests: pd.DataFrame, primary: Sequence[str], confidence: float) -> pd.DataFrame:
    """The tests with the columns family, method, tests (in the family), p_adjusted, verdict.

    `tests` has test (its name) and p_value; NaN is a test that could not be made, which takes no
    part. Holm holds the chance of one false alarm among the primary tests, Benjamini-Hochberg
    the share of false alarms among what is found among the others. Raises StudyError for a
    primary test that does not exist and for a p outside of 0 to 1.
    """
    if unknown := sorted(set(primary) - set(tests["test"])):
        raise StudyError(
            f"no test is called {', '.join(unknown)} (primary tests in config.yaml); "
            f"there are {', '.join(sorted(set(tests['test'])))}"
        )
    p_values = tests["p_value"].astype(float)
    if ((p_values < 0) | (p_values > 1)).any():
        raise StudyError("a p-value lies outside of 0 to 1")
    family = np.where(tests["test"].isin(list(primary)), "primary", "exploratory")
    table = tests.assign(family=family, method=pd.Series(family, tests.index).map(METHODS))
    table["p_adjusted"] = np.nan
    table["tests"] = 0
    for name, method in METHODS.items():
        made = (table["family"] == name) & p_values.notna()
        table.loc[table["family"] == name, "tests"] = int(made.sum())
        table.loc[made, "p_adjusted"] = corrected(p_values[made], method)
    found = np.where(table["p_adjusted"] < 1 - confidence, "found", "undetermined")
    table["verdict"] = np.where(p_values.isna(), "not testable", found)
    return table


def corrected(p_values: pd.Series, method: str = "holm") -> np.ndarray:
    """Adjusted p-values in the same order; NaN stays NaN and takes no part."""
    adjusted = p_values.to_numpy(dtype=float, copy=True)
    made = np.isfinite(adjusted)
    if made.any():
        adjusted[made] = multipletests(adjusted[made], method=method)[1]
    return adjusted


def noncentrality_interval(
    f_value: float, freedom: tuple[float, float], alpha: float
) -> tuple[float, float]:
    """Bounds of the noncentrality of an F statistic by inversion of its distribution (Steiger
    2004); 0 where none reaches.

    statsmodels' `confint_noncentrality` uses scipy's ncfdtrinc, which stops at 10,000.
    """
    bounds = [_inverted(f_value, freedom, share) for share in (1 - alpha / 2, alpha / 2)]
    return bounds[0], bounds[1]


def _inverted(f_value: float, freedom: tuple[float, float], share: float) -> float:
    """The noncentrality at which a smaller F has this probability."""

    def excess(log_nc: float) -> float:
        return float(np.nan_to_num(ncf.cdf(f_value, *freedom, np.exp(log_nc)))) - share

    low = -20.0
    if not np.isfinite(f_value) or excess(low) <= 0:
        return 0.0
    high = np.log(max(f_value * freedom[0], 1.0))
    while excess(high) > 0:
        high += 1
    return float(np.exp(brentq(excess, low, high, xtol=1e-10)))


SAME_CALL = ["called_batch", *ARCHITECTURE]


@dataclass(frozen=True)
class Replicates:
    """Values (cells, most), the first `counts` of each row valid, and how many a draw takes."""

    values: np.ndarray
    counts: np.ndarray
    taken: np.ndarray

    def draw(self, rng: np.random.Generator) -> np.ndarray:
        """Each cell's median of values drawn with replacement, in seconds."""
        most = self.taken.max()
        places = (rng.random((len(self.counts), most)) * self.counts[:, None]).astype(int)
        drawn = np.take_along_axis(self.values, places, axis=1)
        drawn[np.arange(most) >= self.taken[:, None]] = np.inf
        drawn.sort(axis=1)
        middle = np.stack([(self.taken - 1) // 2, self.taken // 2], axis=1)
        return np.take_along_axis(drawn, middle, axis=1).mean(axis=1)


def replicates(cells: pd.DataFrame, visits: pd.DataFrame | None) -> Replicates:
    """The replicates of cells of one group, row by row.

    A cell's are its clean visits (all, when every one was disturbed). Cells without visits, as in
    an imported table, are redrawn from the rows whose calls were the same, themselves among them.
    """
    own = _medians(cells, visits)
    alike = cells.groupby(SAME_CALL, sort=False)["latency_s"].agg(list)
    keys = zip(*(cells[axis] for axis in SAME_CALL), strict=True)
    lists, taken = [], []
    for key, visited in zip(keys, own, strict=True):
        lists.append(visited if len(visited) else alike[key])
        taken.append(max(len(visited), 1))
    counts = np.array([len(values) for values in lists])
    padded = np.zeros((len(lists), counts.max()))
    for row, values in zip(padded, lists, strict=True):
        row[: len(values)] = values
    return Replicates(padded, counts, np.array(taken))


def _medians(cells: pd.DataFrame, visits: pd.DataFrame | None) -> list[list[float]]:
    """The medians of the visits that a cell is estimated from."""
    if visits is None or visits.empty:
        return [[] for _ in range(len(cells))]
    own = visits[visits["machine"].isin(cells["machine"]) & (visits["p50_s"] > 0)]
    disturbed = own["disturbed"].fillna(False).astype(bool)
    all_disturbed = disturbed.groupby([own["machine"], own["cell"]]).transform("all")
    used = own[~disturbed | all_disturbed]
    by_cell = used.groupby(["machine", "cell"])["p50_s"].agg(list).to_dict()
    keys = zip(cells["machine"], cells["cell"], strict=True)
    return [by_cell.get(key, []) for key in keys]


def resampled(
    cells: pd.DataFrame, visits: pd.DataFrame | None, tables: int, rng: np.random.Generator
) -> np.ndarray | None:
    """ln latency in `tables` draws (rows) of each of `cells` (columns).

    It is the median of as many visits as the cell has, drawn from them with replacement. Cells
    without visits keep their latency; None when no cell has two. Disturbed visits are left out
    where clean ones remain.
    """
    if visits is None or visits.empty:
        return None
    groups = (
        clean_visits(visits)
        .groupby(["cell", "machine"])["p50_s"]
        .apply(lambda own: np.log(own.to_numpy()))
    )
    own = groups.reindex(pd.MultiIndex.from_frame(cells[["cell", "machine"]]))
    sizes = np.array([len(part) if isinstance(part, np.ndarray) else 1 for part in own])
    if sizes.max() < 2:
        return None
    drawn = np.tile(np.log(cells["latency_s"].to_numpy()), (tables, 1))
    for size in np.unique(sizes[sizes > 1]):
        places = np.flatnonzero(sizes == size)
        values = np.stack(own.iloc[places].to_list())
        chosen = rng.integers(0, size, (tables, len(places), size))
        drawn[:, places] = np.median(values[np.arange(len(places))[:, None], chosen], axis=-1)
    return drawn


CELL = ["cell", "machine", *AXES, "called_batch", "flop_per_example"]


def visit_rows(visits: pd.DataFrame, cells: pd.DataFrame) -> pd.DataFrame:
    """One row a clean visit, in the order of their starts: round, sentinel, started, and its
    cell's axes, called_batch and flop_per_example.

    latency_s is the visit's median (seconds a call), pass_mean_s the same a pass. Visits of cells
    that `cells` does not have, and visits without a positive time, are left out.
    """
    clean = visits[~visits["disturbed"].astype(bool) & (visits["p50_s"] > 0)]
    clean = clean[["cell", "machine", "round", "sentinel", "started", "p50_s"]]
    known = cells.drop_duplicates(["cell", "machine"])
    known = known[CELL].assign(calls=known["pass_mean_s"] / known["latency_s"])
    rows = clean.merge(known, on=["cell", "machine"])
    rows = rows.assign(latency_s=rows["p50_s"], pass_mean_s=rows["p50_s"] * rows["calls"])
    return rows.drop(columns=["p50_s", "calls"]).sort_values("started", ignore_index=True)


def run_rows(visits: pd.DataFrame, cells: pd.DataFrame) -> pd.DataFrame:
    """One row a run (a cell in a round, or a sentinel), in the order of their starts: the medians
    over its clean visits, with the columns of `visit_rows`."""
    rows = visit_rows(visits, cells)
    keys = ["cell", "machine", "round", "sentinel"]
    by_run = rows.groupby(keys, sort=False)
    first = {name: "first" for name in rows if name not in keys}
    runs = by_run.agg(first | {"latency_s": "median", "pass_mean_s": "median"}).reset_index()
    return runs.sort_values("started", ignore_index=True)
