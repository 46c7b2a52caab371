"""The replicates of a measured study, as rows like its cells: visits and runs in order of time."""

import pandas as pd

from tfscale.axes import AXES

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
