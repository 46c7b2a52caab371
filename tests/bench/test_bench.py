"""The arithmetic of the benches, without TensorFlow; how long anything takes is never asserted."""

import json
import math
import os
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import bench
from bench import (
    kernel_times,
    neighbour,
    precision,
    ratios,
    record,
    signs,
    studies,
)
from bench.__main__ import BENCHES, parse
from bench.loadgen_visit import median_ns
from bench.outcome import (
    Outcome,
    SkippedError,
    ratio_at_most,
    ratio_near_one,
    share_at_least,
    share_at_most,
)
from bench.study import Study
from bench.text_table import text_table


def finished(folder: Path) -> Study:
    """A study of two mnist cells and a text cell that share models between batch sizes."""
    rows = [("mnist", 4, 1), ("mnist", 4, 64), ("text", 4, 1)]
    table = pd.DataFrame(rows, columns=["model", "layers", "batch_size"])
    table = table.assign(conv_size=3, input_size=28, threads=1, flop_per_example=1000)
    table["cell"] = [f"{model}_batch{size}" for model, _, size in rows]
    for model in ("mnist", "text"):
        (folder / "results" / "models" / model).mkdir(parents=True)
        facts = {"model": model, "layers": 4, "batch_size": 64, "conv_size": 3, "input_size": 28}
        facts |= {"data": "real"}
        (folder / "results" / "models" / model / "facts.json").write_text(json.dumps(facts))
    encoded = folder / "resources" / "encoded" / "real"
    encoded.mkdir(parents=True)
    (encoded / "mnist_input28.npz").touch()
    table.to_parquet(folder / "results" / "cells.parquet")
    return Study.at(folder)


def test_a_study_knows_models_and_data_of_its_cells(tmp_path):
    study = finished(tmp_path)
    cell = study.pick("mnist", 0)
    assert (cell, study.pick("mnist", 1)) == ("mnist_batch1", "mnist_batch64")
    request = study.request(cell, protocol="paper")
    assert request["saved_model"] == str(study.results / "models" / "mnist" / "saved_model")
    assert request["inputs"] == 2000
    assert request["axes"]["batch_size"] == 1
    assert request["protocol"]["protocol"] == "paper"
    assert json.loads(json.dumps(request)) == request
    with pytest.raises(SkippedError, match="no resources/encoded/real/text_input28"):
        study.request(study.pick("text", 0))


def test_turns_alternate_and_keep_their_side():
    made = []

    def maker(name, value):
        return lambda: made.append(name) or value

    assert ratios.alternated(3, maker("a", 1.0), maker("b", 2.0)) == [(1.0, 2.0)] * 3
    assert "".join(made) == "abbaab"


def test_the_ratio_of_pairs_ignores_what_both_share():
    shared = np.exp(np.linspace(0, 3, 21))
    ratio = ratios.ratio_of_pairs([(1.1 * level, level) for level in shared])
    assert ratio.value == pytest.approx(1.1)
    assert ratio.low == pytest.approx(1.1)
    assert 0.95 <= ratio.coverage < 0.99
    assert str(ratio).startswith("1.100 (1.100 to 1.100, 97.")
    assert "range" in str(ratios.ratio_of_pairs([(1.0, 1.0)] * 3))


def test_a_tolerance_has_a_floor():
    assert ratios.agree(120e-6, 100e-6, 0.05, 30e-6)
    assert not ratios.agree(1.06, 1.0, 0.05, 30e-6)
    assert ratios.half_width(1 / 1.1, 1.1) == pytest.approx(math.log(1.1))


def test_verdicts_say_by_how_much():
    assert ratio_at_most("x", 1.01, 1.02).verdict == "met"
    assert ratio_at_most("x", 1.05, 1.02).line() == "x: 1.050; target at most 1.02: missed by 0.030"
    assert ratio_near_one("x", 0.92, 0.05).verdict == "missed by 3.0 %"
    assert share_at_least("x", 0.85, 0.9).verdict == "missed by 5.0 points"
    assert share_at_most("x", 0.05, 0.1).verdict == "met"
    assert Outcome("x", "3").line() == "x: 3"


def test_tables_are_aligned():
    table = text_table(["cell", "µs"], [("a", 1.0), ("longer", 12345.6)])
    assert table.splitlines()[2:] == ["  a            1", "  longer  12,346"]


def test_words_are_benches_or_studies(tmp_path):
    names, options, append = parse(["studies", str(tmp_path), "/b", "--append"])
    assert (names, options.study_path, options.second_path, append) == (
        ["studies"], str(tmp_path), "/b", True,
    )  # fmt: skip
    assert parse([])[0] == list(BENCHES)
    with pytest.raises(SystemExit):
        parse(["overheads"])


def test_no_study_says_what_to_type(tmp_path):
    with pytest.raises(SkippedError, match="make bench STUDY=folder"):
        Study.at(tmp_path)
    with pytest.raises(SkippedError, match="STUDY2=b"):
        _ = parse([str(tmp_path)])[1].second


def cells(latency_s: float, width: float) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "cell": ["m1", "t1"],
            "model": ["mnist", "text"],
            "batch_size": [1, 64],
            "visits": 6,
            "load_s": 1.0,
            "first_call_s": 0.5,
            "latency_s": latency_s,
            "latency_low_s": latency_s / width,
            "latency_high_s": latency_s * width,
            "half_width": math.log(width),
            "repeat_half_width": [0.04, 0.06],
        }
    )


def test_two_clocks_have_the_times_of_the_kernel_in_common():
    def visits(slower):
        rows = pd.DataFrame({"cell": ["m1", "t1"] * 5, "sentinel": False, "disturbed": False})
        own = slower * np.repeat([1.0, 1.01, 1.02, 1.03, 1.04], 2)
        return rows.assign(
            p50_s=0.01 * own, calibration_before_s=0.02 * own, calibration_after_s=0.02 * own
        )

    a, b = (
        kernel_times.in_calibrations(
            SimpleNamespace(visits=visits(slower), cells=cells(slower, 1.02))
        )
        for slower in (1.0, 1.2)
    )
    assert a["latency_s"].tolist() == pytest.approx([0.5, 0.5])
    assert studies.compared(a, b)["apart"].tolist() == pytest.approx([0, 0], abs=1e-12)


def test_the_papers_time_is_computed_from_the_latency():
    ours = pd.Series({"t1": 3.0, "m1": 2.0})
    table = precision.precision_table(cells(0.01, 1.04), ours, passes=10, inputs=2000)
    assert table["paper_s"].tolist() == pytest.approx([201.5, 4.7])
    assert table["ours_s"].tolist() == [2.0, 3.0]
    assert (table["half_width"] <= 0.05).all()


def test_an_oracle_narrows_the_cheapest_cells_and_leaves_a_tenth_with_the_fewest_visits():
    ours = pd.Series([10.0] * 10)
    widths = pd.Series([0.1, 0.2, *[0.05] * 7, np.nan])  # 4 times and 16 times the visits
    fewest = pd.Series([5.0] * 10)
    assert precision.least_seconds(ours, widths, fewest) == 40 + 160 + 70 + 5
    assert precision.least_seconds(ours, widths.fillna(0.05), fewest) == 40 + 5 + 80


def test_machine_time_is_that_of_the_visits(capsys):
    visits = pd.DataFrame({"cell": ["a", "a", "b"], "visit_s": [1.0, 2.0, 4.0]})
    assert precision.visit_seconds(visits).to_dict() == {"a": 3.0, "b": 4.0}
    older = visits.drop(columns="visit_s").assign(load_s=0.5, durations_ns=[np.array([10**9])] * 3)
    assert precision.visit_seconds(older).to_dict() == {"a": 3.0, "b": 1.5}
    assert "no visit_s" in capsys.readouterr().out


def test_studies_agree_when_each_covers_the_other():
    assert studies.compared(cells(1.0, 1.1), cells(1.05, 1.1))["both"].all()
    one_sided = studies.compared(cells(1.0, 1.01), cells(1.05, 1.1))
    assert not one_sided["both"].any()
    assert one_sided["overlap"].all()
    assert one_sided["apart"].tolist() == pytest.approx([math.log(1.05)] * 2)
    assert (one_sided["apart"] <= one_sided["foretold"]).tolist() == [False, True]


def test_intervals_cover_another_samples_median_less_often_than_the_truth():
    assert 0.6 < studies.expected_cover(6, 0.95) < 0.95


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system cannot pin")
def test_the_neighbour_is_busy_on_its_cpu_and_leaves():
    with neighbour.hog(True) as process:
        assert process.poll() is None
        limit = time.monotonic() + 10
        while len(os.sched_getaffinity(process.pid)) > 1 and time.monotonic() < limit:
            time.sleep(0.01)
        assert os.sched_getaffinity(process.pid) == {max(os.sched_getaffinity(0))}
    assert process.poll() is not None
    with neighbour.hog(False) as process:
        assert process is None


def test_loadgens_median_is_found():
    assert median_ns("50.00 percentile latency (ns)   : 248131\n90.00 percentile …") == 248131
    with pytest.raises(ValueError, match="no median"):
        median_ns("Result is : INVALID")


def test_rows_are_appended_to_the_table(tmp_path, monkeypatch):
    page = tmp_path / "performance.md"
    page.write_text("| head |\n")
    monkeypatch.setattr(record, "machine", lambda: {"date": "today", "cores": "2"})
    record.append([("overhead", ratio_at_most("a|b", 1.0, 1.02))], page)
    assert page.read_text().splitlines()[1] == (
        "| today | 2 | overhead | a¦b | 1.000 | at most 1.02 | met |"
    )


def test_benches_stay_small():
    for path in (bench.ROOT / "bench").rglob("*.py"):
        assert len(path.read_text().splitlines()) <= 120, path
    assert {path.stem for path in (bench.ROOT / "bench").glob("*.py")} >= set(BENCHES)


def test_signs_find_the_kernel_that_goes_with_the_spread_of_clean_visits():
    rng = np.random.default_rng(1)
    busy = rng.normal(size=60)
    visits = pd.DataFrame(
        {"cell": np.repeat(["a", "b"], 30), "disturbed": False, "sentinel": False,
         "p50_s": np.repeat([0.5, 2.0], 30) * np.exp(0.05 * busy),
         "calibration_before_s": rng.normal(0.02, 0.001, 60), "calibration_after_s": 0.02,
         "memory_copy_before_s": 0.005, "memory_copy_after_s": 0.005 * np.exp(0.1 * busy)}
    )  # fmt: skip
    visits.loc[0, ["p50_s", "disturbed"]] = [50.0, True]
    clean = signs.spread(visits)
    assert len(clean) == 59
    assert clean["spread"].std() == pytest.approx(0.05, rel=0.2)
    calibration, memory = signs._ranks(clean)
    assert memory > 0.9 > abs(calibration) + 0.5
