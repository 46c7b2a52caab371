"""Cells that a predictor has not seen, beside Extra-P on the same folds; time of the analysis."""

import json
import os
import subprocess
import tempfile
from pathlib import Path
from time import perf_counter

import numpy as np
import pandas as pd
import statsmodels.api as sm

from bench import ROOT
from bench.outcome import (
    Outcome,
    SkippedError,
    of_limit,
    ratio_at_most,
    share_at_least,
    share_at_most,
    text_table,
)
from bench.study import Options, project_config, project_families
from tests.support.paper_work import work_of, works
from tfscale.analysis.fit import fit
from tfscale.analysis.held_out import (
    TESTS,
    Fold,
    factors_of,
    folds,
    left_out,
    noise_floor,
    work_model,
)
from tfscale.analysis.material import paper_cells
from tfscale.analysis.predictions import covered
from tfscale.analysis.slices import GROUP, architecture, split
from tfscale.axes import adopt
from tfscale.files.parquet import write_parquet
from tfscale.study.study import Study

LAYERS_TEST = "layers 4, 6, 8 -> 10"
MEDIAN, WITHIN, LAYERS, RATIO = 0.06, 0.69, 0.09, 0.5
LEAST_COVERED, MOST_COVERED = 0.85, 0.97
HEADER = ["table", "left out", "cells", "noise %", "ours median %", "≤ 10 %, %"]
HEADER += ["Extra-P median %", "≤ 10 %, %", "ratio"]
Tables = dict[str, tuple[pd.DataFrame, pd.DataFrame | None]]
"""Cells and processes by name."""


def prediction(options: Options) -> list[Outcome]:
    """Held-out errors of the work model and of Extra-P: the paper's four tables (their work by
    hand) and a study; how many cells the 90 % intervals cover."""
    try:
        interpreter()
        asked = True
    except SkippedError as reason:
        print(f"without Extra-P: {reason}\n")
        asked = False
    own = study_tables(options)
    outcomes, rows, inside = [], [], {}
    for name, (cells, processes) in (paper_tables() | own).items():
        floor = noise_floor(cells, processes)
        for test, parts in _tests(cells, name in own).items():
            ours = _errors(left_out(cells, parts, work_model))
            theirs = _errors(extrap(cells, parts)) if asked else np.full(len(ours), np.nan)
            ratio = float(np.median(ours) / np.median(theirs))
            shown = [name, test, len(ours), 100 * floor]
            for errors in (ours, theirs):
                shown += [100 * float(np.median(errors)), 100 * float(np.mean(errors <= 0.1))]
            rows.append([*shown, ratio])
            outcomes += _verdicts(f"{name}, {test}", test, ours, ratio, name in own)
        if len(within := covered(cells)):
            inside[name] = float(np.mean(within))
    print(text_table(HEADER, rows))
    covers = [(name, 100 * share) for name, share in inside.items()]
    print("\n" + text_table(["table", "covered by 90 % intervals, %"], covers))
    paper = [share for name, share in inside.items() if name not in own]
    if paper:
        outcomes += [
            share_at_least("least coverage, paper's tables", min(paper), LEAST_COVERED),
            share_at_most("most coverage, paper's tables", max(paper), MOST_COVERED),
        ]
    return outcomes


def _tests(cells: pd.DataFrame, own: bool) -> dict[str, list[Fold]]:
    """The folds by test; a study that has no paper's layers has no test of them."""
    tests = {test: folds(cells, test) for test in (TESTS if own else ("architecture",))}
    if "layers" in cells and set(cells["layers"]) == {4, 6, 8, 10}:
        tests[LAYERS_TEST] = [Fold(np.flatnonzero(cells["layers"] == 10), "layers 10")]
    return {test: parts for test, parts in tests.items() if parts}


def _errors(found: pd.DataFrame) -> np.ndarray:
    """|predicted / measured - 1|; no answer is an error of 100 %."""
    return (found["predicted_s"] / found["measured_s"] - 1).abs().fillna(1.0).to_numpy()


def _verdicts(name: str, test: str, ours: np.ndarray, ratio: float, own: bool) -> list[Outcome]:
    median, within = float(np.median(ours)), float(np.mean(ours <= 0.1))
    if own and test not in ("architecture", LAYERS_TEST):
        known = ratio == ratio
        return [ratio_at_most(f"{name}: our error over Extra-P's", ratio, RATIO)] if known else []
    limit = LAYERS if test == LAYERS_TEST else MEDIAN
    outcomes = [share_at_most(f"{name}: median error", median, limit)]
    if test == "architecture":
        outcomes.append(share_at_least(f"{name}: within 10 %", within, WITHIN))
    return outcomes


PAPER = [(model, host) for model in ("mnist", "text") for host in ("acer", "macbook")]
SIGNIFICANT = 0.05


def paper_tables() -> Tables:
    """The paper's tables without the rows that the outlier test names; none without the folder."""
    folder = Path(os.environ.get("TFSCALE_PAPER", ROOT.parent / "shared" / "paper"))
    if not folder.is_dir():
        print(f"no folder {folder} with the paper's tables (set TFSCALE_PAPER)\n")
        return {}
    found: Tables = {}
    for model, host in PAPER:
        name = f"{model}-{host}"
        table = paper_cells(str(folder / f"{name}.csv"), model, name, works([model]))
        found[name] = _without_faulty(table), None
    return found


def study_tables(options: Options) -> Tables:
    """The cells of a finished study by model, at its most frequent setting; none without one."""
    try:
        study = options.study
    except SkippedError as reason:
        print(f"{reason}\n")
        adopt(project_families())
        return {}
    found: Tables = {}
    for (_, model, *_), table in split(study.cells.reset_index(drop=True), GROUP):
        name = f"{model}, study"
        if name not in found or len(table) > len(found[name][0]):
            found[name] = table, study.processes
    return found


def _without_faulty(cells: pd.DataFrame) -> pd.DataFrame:
    """The cells without outliers among the rows of an architecture, which the paper timed alike:
    externally studentised residuals of ln t, Bonferroni over the cells. Names those it drops."""
    number = architecture(cells).to_numpy()
    log_s = np.log(cells["latency_s"].to_numpy(float))
    fit = sm.OLS(log_s, np.eye(number.max() + 1)[number]).fit()
    corrected = np.asarray(fit.outlier_test(method="bonf"))[:, 2]
    faulty = corrected < SIGNIFICANT
    if faulty.any():
        print(f"left out as faulty: {cells['machine'].iloc[0]} {', '.join(cells['cell'][faulty])}")
    return cells[~faulty].reset_index(drop=True)


MOST_PARAMETERS = 4
HOW = (
    "Extra-P, the best public tool, is in no environment: type `make .bench-extrap/ready`, or set "
    "TFSCALE_EXTRAP to a Python with it"
)


def interpreter() -> Path:
    """The Python of Extra-P's own environment; raises SkippedError that says how to make it."""
    found = Path(os.environ.get("TFSCALE_EXTRAP", ROOT / ".bench-extrap" / "bin" / "python"))
    if not found.exists():
        raise SkippedError(HOW)
    return found


def extrap(cells: pd.DataFrame, parts: list[Fold]) -> pd.DataFrame:
    """One row a cell left out, as `held_out.left_out`; NaN where Extra-P has no answer."""
    names = factors_of(cells)[:MOST_PARAMETERS]
    points, values = cells[names].astype(float), cells["latency_s"].astype(float)
    tasks = [
        {
            "points": points.drop(index=points.index[fold.out]).to_numpy().tolist(),
            "values": values.drop(index=values.index[fold.out]).tolist(),
            "ask": points.iloc[fold.out].to_numpy().tolist(),
        }
        for fold in parts
    ]
    worker = Path(__file__).with_name("extrap_worker.py")
    command = [str(interpreter()), "-I", str(worker)]
    done = subprocess.run(
        command, input=json.dumps(tasks), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SkippedError(f"Extra-P failed: {done.stderr.strip().splitlines()[-1:]}; {HOW}")
    answers = [answer for fold in json.loads(done.stdout) for answer in fold]
    if all(answer is None for answer in answers):
        raise SkippedError(f"Extra-P answered nothing; {HOW}")
    out = np.concatenate([fold.out for fold in parts])
    predicted_s, measured_s = np.array(answers, dtype=float), values.iloc[out].to_numpy()
    return pd.DataFrame({"predicted_s": predicted_s, "measured_s": measured_s})


MOST_S = 60.0


def analysis(options: Options) -> list[Outcome]:
    """Time of the whole analysis of a study with its bootstraps (of 10,000 cells: `merging`)."""
    cells = options.study.cells.reset_index(drop=True)
    taken_s = seconds_of(cells, options.study.processes)
    return [of_limit(f"analysis of {len(cells)} cells", taken_s, MOST_S, "s")]


def seconds_of(cells: pd.DataFrame, processes: pd.DataFrame) -> float:
    """Wall seconds of the analysis of these tables, as the rule `fit` makes it."""
    study = Study.from_config(project_config())
    roofs = pd.DataFrame(columns=["host", "threads", "peak_gflop_per_s", "peak_gbyte_per_s"])
    tables = {"cells": cells, "runs": processes, "roofs": roofs}
    with tempfile.TemporaryDirectory(prefix="tfscale-bench-") as folder:
        paths = [f"{folder}/{name}.parquet" for name in tables]
        for path, table in zip(paths, tables.values(), strict=True):
            write_parquet(path, table)
        for name, axes in study.counted.items():
            Path(folder, f"{name}.json").write_text(json.dumps(work_of(axes)))
        start = perf_counter()
        fit(
            cells_path=paths[0],
            runs_path=paths[1],
            roofs_path=paths[2],
            work=[f"{folder}/{name}.json" for name in study.counted],
            text=f"{folder}/findings.txt",
            **study.fit_settings,
        )
        return perf_counter() - start
