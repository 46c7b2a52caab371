"""The time of cells that were not run, with an interval, and whether that is extrapolation."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from tfscale.analysis.cv_plus import covered, cross_validated
from tfscale.analysis.predictors import work_model
from tfscale.analysis.workload import GROUP, SETTING, architectures, named, timed
from tfscale.axes import AXES, FACTORS
from tfscale.errors import StudyError
from tfscale.study.grid import cells as grid_cells
from tfscale.study.grid import impossible
from tfscale.study.work import work_columns
from tfscale.units import percent

COVERAGE = 0.9
TOO_FEW = "at least 4 architectures, and about 10 cells besides one, are needed for 90 %"
PREDICTED = (
    "machine", "cell", *AXES, "called_batch", "flop_per_example", "read_weight_bytes",
    "latency_s", "latency_low_s", "latency_high_s", "coverage", "measured_s", "extrapolates",
    "note",
)  # fmt: skip
COVERED = (
    *GROUP, "asked_percent", "covered_percent", "cells", "architectures", "note",
)  # fmt: skip


def predict_cells(
    cells: pd.DataFrame, grid: dict | list[dict], coverage: float = COVERAGE
) -> pd.DataFrame:
    """One row a machine and cell of `grid` (as in config.yaml; empty = none): the work model's
    latency_s with a CV+ interval.

    `extrapolates` names the axes whose value lies outside what the machine's own cells of the
    same model and setting cover; empty = none. There the interval promises nothing. `measured_s`
    is the latency of a cell that was run after all. Where nothing can be predicted `note` says
    why. Raises StudyError for a cell that cannot exist.
    """
    if not grid:
        return pd.DataFrame(columns=PREDICTED)
    wanted = _wanted(grid)
    rows: list[pd.DataFrame] = []
    for machine, own in timed(cells).groupby("machine", sort=False):
        learned = dict(iter(own.groupby(["model", *SETTING])))
        for key, asked in wanted.groupby(["model", *SETTING], sort=False):
            rows.append(_predicted(machine, learned.get(key), asked, coverage))
    table = pd.concat(rows, ignore_index=True) if rows else pd.DataFrame(columns=PREDICTED)
    key = ["machine", "cell", "called_batch"]  # an imported cell's calls may have had another batch
    run = cells.drop_duplicates(key).set_index(key)["latency_s"]
    table["measured_s"] = run.reindex(pd.MultiIndex.from_frame(table[key])).array
    return table[list(PREDICTED)]


def _wanted(grid: dict | list[dict]) -> pd.DataFrame:
    """The cells of the grid with the work of each; raises StudyError that names impossible ones."""
    cells = grid_cells(grid)
    wrong = {name: why for name, cell in cells.items() if (why := impossible(cell))}
    if wrong:
        name, why = next(iter(wrong.items()))
        raise StudyError(f"predict: {len(wrong)} cells cannot exist, first {name}: {why}")
    return pd.DataFrame(
        [
            {"cell": name} | cell | {"called_batch": cell["batch_size"]} | work_columns(cell, 0)
            for name, cell in cells.items()
        ]
    )


def _predicted(
    machine: str, own: pd.DataFrame | None, asked: pd.DataFrame, coverage: float
) -> pd.DataFrame:
    table = asked.assign(
        machine=machine, latency_s=np.nan, latency_low_s=np.nan, latency_high_s=np.nan,
        coverage=np.nan, extrapolates="", note="",
    )  # fmt: skip
    if own is None:
        return table.assign(note="not testable: no cell of this model and setting was run")
    own = own.reset_index(drop=True)
    table["extrapolates"] = _outside(own, asked)
    made = cross_validated(own, work_model)
    if made is None:
        table["latency_s"] = work_model(own)(asked)
        return table.assign(note="no interval: at least 3 architectures are needed")
    table["latency_s"] = made.predict(asked)
    low, high = made.interval(asked, coverage)
    if not np.isfinite(high).all():
        return table.assign(
            note=f"no interval: {len(own)} cells are too few for {percent(coverage)}"
        )
    return table.assign(latency_low_s=low, latency_high_s=high, coverage=coverage)


def _outside(own: pd.DataFrame, asked: pd.DataFrame) -> list[str]:
    """For each cell the axes beyond what was run, e.g. `layers 12 > 10`."""
    told = [[] for _ in range(len(asked))]  # type: list[list[str]]
    for factor in FACTORS:
        run = own["called_batch" if factor == "batch_size" else factor]
        low, high = run.min(), run.max()
        for parts, value in zip(told, asked[factor], strict=True):
            if value > high:
                parts.append(f"{factor} {value} > {high}")
            elif value < low:
                parts.append(f"{factor} {value} < {low}")
    return ["; ".join(parts) for parts in told]


def coverage_table(cells: pd.DataFrame, coverage: float = COVERAGE) -> pd.DataFrame:
    """One row a group: how often the interval of an architecture left out holds its latencies."""
    return pd.DataFrame(list(_coverages(cells, coverage)), columns=COVERED)


def _coverages(cells: pd.DataFrame, coverage: float) -> Iterator[dict]:
    for group, table in timed(cells).groupby(GROUP, sort=False):
        own = table.reset_index(drop=True)
        inside = covered(own, work_model, coverage)
        yield named(group) | {
            "asked_percent": 100 * coverage,
            "covered_percent": 100 * inside.mean() if len(inside) else np.nan,
            "cells": len(own),
            "architectures": architectures(own).max() + 1,
            "note": "" if len(inside) else f"not testable: {TOO_FEW}",
        }
