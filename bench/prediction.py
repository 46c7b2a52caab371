"""Cells that a predictor has not seen: the work model beside Extra-P, on the same folds."""

import numpy as np
import pandas as pd

from bench.extrap import extrap, interpreter
from bench.options import Options
from bench.outcome import Outcome, SkippedError, ratio_at_most, share_at_least, share_at_most
from bench.tables import paper_tables, study_tables
from bench.text_table import text_table
from tfscale.analysis.held_out import TESTS, Fold, folds, left_out, noise_floor, work_model
from tfscale.analysis.predictions import covered

TITLE = "Held-out errors of the work model and of Extra-P: the paper's four tables and a study"
LAYERS_TEST = "layers 4, 6, 8 -> 10"
MEDIAN, WITHIN, LAYERS, RATIO = 0.06, 0.69, 0.09, 0.5
LEAST_COVERED, MOST_COVERED = 0.85, 0.97
HEADER = [
    "table", "left out", "cells", "noise %", "ours median %", "≤ 10 %, %", "Extra-P median %",
    "≤ 10 %, %", "ratio",
]  # fmt: skip


def bench(options: Options) -> list[Outcome]:
    """Errors table by table and test by test, then coverage of the 90 % intervals."""
    try:
        interpreter()
        asked = True
    except SkippedError as reason:
        print(f"without Extra-P: {reason}\n")
        asked = False
    own = study_tables(options)
    outcomes, rows, covers = [], [], []
    for name, (cells, visits) in (paper_tables() | own).items():
        floor = noise_floor(cells, visits)
        for test, parts in _tests(cells, name in own).items():
            ours = _errors(left_out(cells, parts, work_model))
            theirs = _errors(extrap(cells, parts)) if asked else np.full(len(ours), np.nan)
            ratio = float(np.median(ours) / np.median(theirs))
            shown = [name, test, len(ours), 100 * floor]
            for errors in (ours, theirs):
                shown += [100 * float(np.median(errors)), 100 * float(np.mean(errors <= 0.1))]
            rows.append([*shown, ratio])
            outcomes += _verdicts(name, test, ours, ratio if asked else None, name in own)
        inside = covered(cells, work_model, 0.9)
        covers.append((name, len(inside), 100 * float(np.mean(inside))))
    print(text_table(HEADER, rows))
    print("\n" + text_table(["table", "cells", "covered by 90 % intervals, %"], covers))
    paper = [cover / 100 for name, _, cover in covers if name not in own]
    return outcomes + (
        [
            share_at_least("least coverage, paper's tables", min(paper), LEAST_COVERED),
            share_at_most("most coverage, paper's tables", max(paper), MOST_COVERED),
        ]
        if paper
        else []
    )


def _tests(cells: pd.DataFrame, own: bool) -> dict[str, list[Fold]]:
    """The folds by test; a study that has no paper's layers has no test of them."""
    top = np.flatnonzero(cells["layers"] == 10)
    tests = {test: folds(cells, test) for test in (TESTS if own else ("architecture",))}
    if set(cells["layers"]) == {4, 6, 8, 10}:
        tests[LAYERS_TEST] = [Fold(top, "layers 10")]
    return {test: parts for test, parts in tests.items() if parts}


def _errors(found: pd.DataFrame) -> np.ndarray:
    """|predicted / measured - 1|; no answer is an error of 100 %."""
    return (found["predicted_s"] / found["measured_s"] - 1).abs().fillna(1.0).to_numpy()


def _verdicts(
    name: str, test: str, ours: np.ndarray, ratio: float | None, own: bool
) -> list[Outcome]:
    median, within = float(np.median(ours)), float(np.mean(ours <= 0.1))
    said = f"{name}, {test}"
    if not own and test == "architecture":
        return [
            share_at_most(f"{said}: median error", median, MEDIAN),
            share_at_least(f"{said}: within 10 %", within, WITHIN),
        ]
    if not own:
        return [share_at_most(f"{said}: median error", median, LAYERS)]
    if ratio is None or test in ("architecture", LAYERS_TEST):
        return []
    return [ratio_at_most(f"{said}: our error over Extra-P's", ratio, RATIO)]
