"""The arithmetic of the benches, without TensorFlow; how long anything takes is never asserted."""

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from paper_families import PAPER_FAMILIES

from bench import __main__ as driver
from bench import intervals, ratios, timing
from bench.outcome import (
    Outcome,
    SkippedError,
    of_limit,
    ratio_at_most,
    ratio_near_one,
    share_at_least,
    share_at_most,
)
from bench.study import Study
from tfscale.axes import defaults
from tfscale.files.parquet import sealed_parquet

INPUTS = {"x": {"shape": [None, 28, 28, 1], "dtype": "float32"}}


def write_runs(results: Path, families: dict) -> None:
    """A runs.parquet that only says what its families are."""
    notes = {"tfscale_families": json.dumps(families)}
    with sealed_parquet(results / "runs.parquet", pa.schema([]), notes):
        pass


def finished(folder: Path) -> Study:
    """A study of two mnist cells and a text cell that share models between batch sizes."""
    rows = [
        defaults(model)
        | {"cell": f"{model}_batch{size}", "model": model, "batch_size": size, "layers": 4}
        | {"conv_size": 3, "input_size": 28, "threads": 1, "flop_per_example": 1000}
        for model, size in (("mnist", 1), ("mnist", 64), ("text", 1))
    ]
    for axes in rows[1:]:
        (folder / "results" / "models" / axes["model"]).mkdir(parents=True)
        facts = axes | {"batch_size": 64, "data_sha256": axes["model"], "inputs": INPUTS}
        (folder / "results" / "models" / axes["model"] / "facts.json").write_text(json.dumps(facts))
    encoded = folder / "resources" / "encoded" / "real"
    encoded.mkdir(parents=True)
    for name, digest in (("other", "other"), ("images", "mnist")):
        (encoded / f"{name}.json").write_text(json.dumps({"sha256": digest}))
    pd.DataFrame(rows).to_parquet(folder / "results" / "cells.parquet")
    write_runs(folder / "results", PAPER_FAMILIES)
    return Study.at(folder)


def test_a_study_knows_models_and_data_of_its_cells(tmp_path):
    study = finished(tmp_path)
    cell = study.pick("mnist", 0)
    assert (cell, study.pick("mnist", 1)) == ("mnist_batch1", "mnist_batch64")
    request = study.request(cell, protocol="paper")
    assert request["model"] == str(study.results / "models" / "mnist" / "saved_model")
    assert request["inputs"] == 2000
    assert request["cell"]["axes"] == defaults("mnist") | {
        "model": "mnist",
        "layers": 4,
        "conv_size": 3,
        "input_size": 28,
        "batch_size": 1,
    }
    assert request["cell"]["inputs"] == INPUTS
    assert request["arrays"] == str(tmp_path / "resources" / "encoded" / "real" / "images.npz")
    assert request["protocol"]["passes"] == 10
    assert json.loads(json.dumps(request)) == request
    with pytest.raises(SkippedError, match="no data of text_batch1 in resources/encoded beside"):
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
    assert 0.95 <= ratio.coverage < 0.99
    assert str(ratio).startswith("1.100 (1.100 to 1.100, 97.")
    assert "range" in str(ratios.ratio_of_pairs([(1.0, 1.0)] * 3))


def test_agreement_with_loadgen_has_a_floor():
    assert timing.agreement("x", 120e-6, 100e-6).verdict == "met"
    assert timing.agreement("x", 1.06, 1.0).verdict == "missed by 10000 µs"


def test_verdicts_say_by_how_much():
    assert ratio_at_most("x", 1.01, 1.02).verdict == "met"
    assert ratio_at_most("x", 1.05, 1.02).line() == "x: 1.050; target at most 1.02: missed by 0.030"
    assert ratio_near_one("x", 0.92, 0.05).verdict == "missed by 3.0 %"
    assert share_at_least("x", 0.85, 0.9).verdict == "missed by 5.0 points"
    assert share_at_most("x", 0.05, 0.1).verdict == "met"
    assert (
        of_limit("x", 45, 90, "s").line() == "x, share of 90 s: 0.500 (45 s); target at most 1: met"
    )
    assert Outcome("x", "3").line() == "x: 3"


def test_all_benches_are_run_unless_some_are_named():
    names, options, append = driver.parse(["studies", "--study", "a", "--study2", "b", "--append"])
    assert (names, append) == (["studies"], True)
    assert (options.study_path, options.second_path) == ("a", "b")
    assert driver.parse([])[0] == list(driver.BENCHES)
    with pytest.raises(SystemExit):
        driver.parse(["overheads"])


@pytest.mark.parametrize("name", driver.BENCHES)
def test_every_bench_says_what_it_does(name):
    assert driver.bench_of(name).__doc__


def test_no_study_says_what_to_type(tmp_path):
    with pytest.raises(SkippedError, match="make bench STUDY=folder"):
        Study.at(tmp_path)
    with pytest.raises(SkippedError, match="STUDY2=b"):
        _ = driver.parse([])[1].second


def cells(latency_s: float, width: float) -> pd.DataFrame:
    """Two cells of a study."""
    return pd.DataFrame({"cell": ["m1", "t1"], "model": ["mnist", "text"], "processes": 5}).assign(
        latency_s=latency_s,
        latency_low_s=latency_s / width,
        latency_high_s=latency_s * width,
        repeat_half_width=[0.04, 0.06],
    )


def test_studies_agree_when_each_covers_the_other():
    assert intervals.compared(cells(1.0, 1.1), cells(1.05, 1.1))["both"].all()
    one_sided = intervals.compared(cells(1.0, 1.01), cells(1.05, 1.1))
    assert not one_sided["both"].any()
    assert one_sided["apart"].tolist() == pytest.approx([math.log(1.05)] * 2)
    assert one_sided["as_foretold"].tolist() == [False, True]


def test_thresholds_are_the_same_where_their_places_overlap():
    names = ["verdict", "place", "place_low", "place_high"]
    sweeps = pd.DataFrame({"model": "mnist", "factor": "batch_size", "slice": ["1", "2", "3"]})
    none, found = ["no threshold", *[math.nan] * 3], ["threshold", 8.0, 6.0, 9.0]
    later = ["threshold", 16.0, 12.0, 20.0]
    one, other = (
        sweeps.join(pd.DataFrame(rows, columns=names))
        for rows in ([none, found, found], [none, found, later])
    )
    assert intervals.same_thresholds(one, other)["same"].tolist() == [True, True, False]


def test_intervals_cover_another_samples_median_less_often_than_the_truth():
    assert 0.6 < intervals.expected_cover(6, 0.95) < 0.95
