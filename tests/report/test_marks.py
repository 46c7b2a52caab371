"""What the report warns of."""

import numpy as np
import pandas as pd
import pytest

from tfscale.report.reservations import cell_marks, study_marks, work_marks

NO_DRIFT = pd.DataFrame(columns=["machine", "term", "total", "total_low", "total_high", "span_h"])
NO_OUTLIER = pd.DataFrame(columns=["machine", "cell"])
NO_PREDICTION = pd.DataFrame({"extrapolates": []})
BUSY = "other processes use {} of 2 CPUs, 1-minute load average {}, most by {}: stop them"
STEAL = "other virtual machines take CPU time ({} %): use a dedicated machine"


def cell(**changes) -> dict:
    row = {
        "machine": "h",
        "cell": "a",
        "model": "mnist",
        "data": "real",
        "processes": 5,
        "disturbed_processes": 1,
        "unsettled_processes": 0,
        "coverage": 0.9375,
        "half_width": 0.01,
        "repeat_half_width": 0.02,
        "noise": 1.0,
        "rounds": 5,
        "test_accuracy": 0.8,
        "chance": 0.1,
    }
    return row | changes


def processes(warnings=("", ""), disturbed=False) -> pd.DataFrame:
    rows = {"cell": ["a", "b"], "round": 1, "machine": "h", "warnings": warnings}
    return pd.DataFrame(rows).assign(disturbed=disturbed)


def warned(warnings=("", ""), machine=(), fits=(), **changes) -> str:
    cells = pd.DataFrame([cell(**changes), cell(cell="b")])
    tables = {"drift": NO_DRIFT, "outliers": NO_OUTLIER, "predictions": NO_PREDICTION}
    seen = {"warnings": list(machine)}
    return "\n".join(study_marks(cells, processes(warnings), seen, tables | dict(fits)))


def test_a_quiet_study_has_no_marks():
    assert warned() == ""


def test_several_machines_are_the_first_that_is_told():
    cells = pd.DataFrame([cell(coverage=np.nan), cell(cell="b")])
    tables = {"drift": NO_DRIFT, "outliers": NO_OUTLIER, "predictions": NO_PREDICTION}
    split = processes(("on battery", "")).assign(machine=["c2", "c1"])
    first, *others = study_marks(cells, split, {"warnings": []}, tables)
    assert first.endswith("never pooled: c2 (1 run), c1 (1 run).") and len(others) == 2


def test_a_kind_of_warning_is_told_once_without_names_and_pids():
    lines = [
        BUSY.format("1.9", "3.2", "kworker/0:1 (pid 5)"),
        f"{BUSY.format('2.0', '4.1', 'python (pid 12)')}\n{STEAL.format(3)}",
    ]
    assert warned(lines, machine=[STEAL.format(2)]).splitlines() == [
        "Other virtual machines take CPU time (3 %): use a dedicated machine "
        "(before the study, 1 of 2 runs).",
        "Other processes use 1.9 of 2 CPUs: stop them (2 of 2 runs).",
    ]
    assert warned(machine=["on battery"]) == "On battery (before the study)."


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"coverage": np.nan, "half_width": np.nan}, "1 cell has too few processes"),
        ({"noise": 1.3}, "typical latency of over 1.25 times"),
        ({"unsettled_processes": 2}, "warm-up did not settle"),
        ({"repeat_half_width": 0.2}, "Another such study would find a cell within 12 %"),
        ({"test_accuracy": 0.11}, "left guessing"),
    ],
)
def test_cells_with_a_doubt_are_counted(changes, words):
    assert words in warned(**changes)


def test_the_rounds_that_would_narrow_the_intervals_are_named():
    cells = pd.DataFrame([cell(half_width=0.1), cell(cell="b", half_width=0.1)])
    tables = {"drift": NO_DRIFT, "outliers": NO_OUTLIER, "predictions": NO_PREDICTION}
    (said,) = study_marks(cells, processes(), {"warnings": []}, tables)
    assert said.startswith("At this noise about 20 rounds (timing.rounds) would bring half")


def test_drift_outliers_and_extrapolations_are_told():
    drift = [{"machine": "h", "term": "round_3", "total": 1.1, "total_low": 1.02}]
    tables = {
        "drift": pd.DataFrame(drift).assign(total_high=1.2, span_h=1.0),
        "outliers": pd.DataFrame({"machine": ["h"], "cell": ["a"]}),
        "predictions": pd.DataFrame({"extrapolates": ["", None, "layers 12 > 10"]}),
    }
    drifted, outlier, beyond = warned(fits=tables).splitlines()
    assert "factor 1.10 (1.02 to 1.20) in round 3 against round 1" in drifted
    assert outlier.endswith(": a.")
    assert beyond.startswith("1 of 3 predictions")


@pytest.mark.parametrize(
    ("changes", "mark"),
    [
        ({"coverage": np.nan, "half_width": np.nan}, "no interval"),
        ({"disturbed_processes": 3}, "3 of 5 processes disturbed"),
        ({"unsettled_processes": 2}, "2 of 5 processes unsettled"),
        ({"noise": 1.3}, "noisy"),
        ({"rounds": 4}, "4 of 5 rounds"),
        ({"test_accuracy": 0.11}, "guessing model"),
    ],
)
def test_every_reservation_about_a_cell_is_a_mark(changes, mark):
    assert cell_marks(pd.DataFrame([cell()]), NO_OUTLIER, 5) == [[]]
    assert cell_marks(pd.DataFrame([cell(**changes)]), NO_OUTLIER, 5) == [[mark]]


def test_a_model_that_was_not_trained_guesses_nothing():
    untrained = cell(test_accuracy=np.nan, chance=np.nan)
    assert cell_marks(pd.DataFrame([untrained]), NO_OUTLIER, 5) == [[]]


def test_what_is_not_counted_is_named_once_a_family():
    cells = pd.DataFrame({"model": ["mlp", "mlp", "mnist"], "trained": ["a", "b", "c"]})
    works = {
        "a": {"not_counted": ["a sort"]},
        "b": {"not_counted": ["a sort", "a loop of unknown length"]},
        "c": {"not_counted": []},
    }
    (said,) = work_marks(cells, works)
    assert said.endswith("of mlp: a loop of unknown length, a sort.")


def test_an_outlier_is_a_mark():
    flagged = pd.DataFrame({"machine": ["h"], "cell": ["a"]})
    assert cell_marks(pd.DataFrame([cell()]), flagged, 5) == [["outlier"]]
