"""Tables of cells that predictions are tested on: the paper's four, and a study's by model."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import statsmodels.api as sm

from bench import ROOT
from bench.options import Options
from bench.outcome import SkippedError
from tfscale.analysis.material import paper_cells
from tfscale.analysis.slices import GROUP, architectures
from tfscale.axes import AXES

PAPER = [(model, host) for model in ("mnist", "text") for host in ("acer", "macbook")]
SIGNIFICANT = 0.05
Tables = dict[str, tuple[pd.DataFrame, pd.DataFrame | None]]
"""Cells and visits by name."""


def paper_tables() -> Tables:
    """The paper's tables without the rows that the outlier test names; none without the folder."""
    folder = Path(os.environ.get("TFSCALE_PAPER", ROOT.parent / "shared" / "paper"))
    if not folder.is_dir():
        print(f"no folder {folder} with the paper's tables (set TFSCALE_PAPER)\n")
        return {}
    found: Tables = {}
    for model, host in PAPER:
        name = f"{model}-{host}"
        found[name] = _without_faulty(paper_cells(str(folder / f"{name}.csv"), model, name)), None
    return found


def study_tables(options: Options) -> Tables:
    """The cells of a finished study by model, at its most frequent setting; none without one."""
    try:
        study = options.study
        cells, visits = study.cells.reset_index(drop=True), study.visits
    except SkippedError as reason:
        print(f"{reason}\n")
        return {}
    tables = [_today(table) for table in (cells, visits)]
    cells, visits = tables
    cells = cells.assign(called_batch=cells.get("called_batch", cells["batch_size"]))
    found: Tables = {}
    for model, table in cells.groupby("model", sort=False):
        groups = [group for _, group in table.groupby(GROUP)]
        found[f"{model}, study"] = max(groups, key=len).reset_index(drop=True), visits
    return found


def _today(table: pd.DataFrame) -> pd.DataFrame:
    """A table of a study that is older than some axes and columns."""
    missing = {axis: spec.default for axis, spec in AXES.items() if axis not in table}
    missing |= {} if "machine" in table else {"machine": table["host"]}
    missing |= {} if "disturbed" in table else {"disturbed": False}
    return table.assign(**missing)


def _without_faulty(cells: pd.DataFrame) -> pd.DataFrame:
    """The cells without outliers among the rows of an architecture, which the paper timed alike:
    externally studentised residuals of ln t, Bonferroni over the cells. Names those it drops."""
    number = architectures(cells)
    log_s = np.log(cells["latency_s"].to_numpy(float))
    fit = sm.OLS(log_s, np.eye(number.max() + 1)[number]).fit()
    corrected = np.asarray(fit.outlier_test(method="bonf"))[:, 2]
    faulty = corrected < SIGNIFICANT
    if faulty.any():
        print(f"left out as faulty: {cells['machine'].iloc[0]} {', '.join(cells['cell'][faulty])}")
    return cells[~faulty].reset_index(drop=True)
