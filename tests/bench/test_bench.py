"""The arithmetic of the benches, without TensorFlow; how long anything takes is never asserted."""

import json
import math
import os
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from paper_families import PAPER_FAMILIES

from bench import __main__ as driver
from bench import intervals, jobs, ratios, timing, wide
from bench.outcome import (
    Outcome,
    SkippedError,
    of_limit,
    ratio_at_most,
    ratio_near_one,
    share_at_least,
    share_at_most,
    text_table,
)
from bench.projects import Done, Used, done_jobs
from bench.study import Study
from tfscale.axes import FAMILIES, defaults
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
        "model": "mnist", "layers": 4, "conv_size": 3, "input_size": 28, "batch_size": 1,
    }  # fmt: skip
    assert request["cell"]["inputs"] == INPUTS
    assert request["arrays"] == str(tmp_path / "resources" / "encoded" / "real" / "images.npz")
    assert request["protocol"]["passes"] == 10
    assert json.loads(json.dumps(request)) == request
    with pytest.raises(SkippedError, match="no data of text_batch1 in resources/encoded beside"):
        study.request(study.pick("text", 0))


def test_a_study_of_other_families_says_what_they_are(tmp_path):
    cell = {"cell": "mine_width8_batch1_threads1", "model": "mine", "width": 8.0, "layers": None}
    calls = {"batch_size": 1, "threads": 1, "precision": "float32", "jit": False}
    folder = tmp_path / "results" / "models" / "mine_width8"
    folder.mkdir(parents=True)
    known = {"model": "mine", "width": 8, "precision": "float32", "data_sha256": ""}
    (folder / "facts.json").write_text(json.dumps(known | {"inputs": INPUTS}))
    table = pd.DataFrame(
        [cell | calls | {"runtime": "predict", "environment": "own", "flop_per_example": 10}]
    )
    table.to_parquet(tmp_path / "results" / "cells.parquet")
    about = {"mine": {"title": "One's own", "axes": {"width": {"kind": "int"}}}}
    write_runs(tmp_path / "results", about)
    study = Study.at(tmp_path)
    request = study.request(study.pick("mine", 0))
    assert request["cell"]["axes"] == calls | {
        "model": "mine",
        "width": 8,
        "runtime": "predict",
        "environment": "own",
    }
    assert type(request["cell"]["axes"]["width"]) is int and request["arrays"] is None
    assert request["model"] == str(folder / "saved_model")
    assert set(FAMILIES) == {"mnist", "text", "mine"}


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


def test_tables_are_aligned():
    table = text_table(["cell", "µs"], [("a", 1.0), ("longer", 12345.6)])
    assert table.splitlines()[2:] == ["  a            1", "  longer  12,346"]


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


def test_rows_are_appended_to_the_table(tmp_path, monkeypatch):
    page = tmp_path / "performance.md"
    page.write_text("| head |\n")
    monkeypatch.setattr(driver, "machine", lambda: {"date": "today", "cores": "2"})
    driver.append([("overhead", ratio_at_most("a|b", 1.0, 1.02))], page)
    assert page.read_text().splitlines()[1] == (
        "| today | 2 | overhead | a¦b | 1.000 | at most 1.02 | met |"
    )


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system cannot pin")
def test_the_neighbour_is_busy_on_its_cpu_and_leaves():
    with timing.busy_loop(True) as process:
        assert process.poll() is None
        limit = time.monotonic() + 10
        while len(os.sched_getaffinity(process.pid)) > 1 and time.monotonic() < limit:
            time.sleep(0.01)
        assert os.sched_getaffinity(process.pid) == {max(os.sched_getaffinity(0))}
    assert process.poll() is not None
    with timing.busy_loop(False) as process:
        assert process is None


@pytest.mark.parametrize("noise", intervals.NOISES.values(), ids=list(intervals.NOISES))
def test_simulated_coverage_of_independent_processes_is_the_claimed_one(noise):
    drawn = noise(np.random.default_rng(1), (3, 5, 2))
    assert drawn.shape == (3, 5, 2)
    assert (drawn > 0).all()
    got = intervals.simulate(noise, (5, 1), 0.9375, cells=2000)
    assert got.claimed == 0.9375
    assert got.real == pytest.approx(got.claimed, abs=0.02)


def test_processes_of_one_minute_cover_less_often():
    noise = intervals.NOISES["2 % + wave ± 10 % over 12 processes"]
    assert intervals.simulate(noise, (1, 5), 0.9375, cells=1000).real < 0.8


def processes_of(cells: int, rounds: int, sd: float) -> pd.DataFrame:
    """A process a cell and round, undisturbed latencies that scatter by `sd`."""
    rng = np.random.default_rng(3)
    return pd.DataFrame(
        {"model": "text", "cell": f"c{cell}", "latency_s": cell * np.exp(rng.normal(0, sd))}
        for cell in range(1, cells + 1)
        for _ in range(rounds)
    )


def test_noise_as_measured_has_the_spread_of_the_cells_that_were_measured():
    ((name, noise),) = intervals.as_measured(processes_of(200, 5, 0.04)).items()
    assert name == "as measured, text"
    logs = np.log(noise(np.random.default_rng(1), (2000, 14, 1)))
    assert np.std(logs) == pytest.approx(0.04, rel=0.1)
    assert np.median(logs) == pytest.approx(0, abs=0.002)
    assert np.std(logs.std(axis=1)) > 0.005, "one spread each"
    assert intervals.as_measured(processes_of(9, 1, 0.04)) == {}


def test_typical_over_undisturbed_is_the_noise_of_a_cell():
    processes = processes_of(20, 5, 0.0)
    processes = processes.assign(p50_s=1.1 * processes["latency_s"])
    assert intervals.noises(processes).to_numpy() == pytest.approx([math.log(1.1)] * 20)


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


def test_jobs_are_found_in_snakemakes_records(tmp_path):
    folder = tmp_path / ".snakemake" / "metadata" / "@long"
    folder.mkdir(parents=True)
    for name, rule, log, end in (("a", "train", "a.log", 3.0), ("b", "train", "a.log", 5.0)):
        record = {"rule": rule, "log": [log], "starttime": 1.0, "endtime": end}
        (folder / name).write_text(json.dumps(record))
    (job,) = done_jobs(tmp_path, "train")
    assert (job.log, job.seconds) == ("a.log", 4.0)
    with pytest.raises(SkippedError, match="no job of measure"):
        done_jobs(tmp_path, "measure")


def test_the_fixed_cost_is_what_a_run_takes_outside_of_its_process(tmp_path):
    run = tmp_path / "results" / "runs" / "a_cell" / "round1.parquet"
    run.parent.mkdir(parents=True)
    pd.DataFrame({"process_s": [1.0, 2.0]}).to_parquet(run)
    job = Done("measure", "results/logs/runs/a_cell_round1.log", 1.0, 4.5)
    assert jobs.outside_s(tmp_path, job) == 0.5
    costs_s = {
        ("measure", "warm"): [0.5, 4.0, 0.5],
        ("measure", "cold"): [5.0, 5.0, 5.0],
        ("train", "warm"): [2.0],
        ("train", "cold"): [4.0],
    }
    *costs, latency = jobs.warm_outcomes(costs_s, [(1.0, 1.0), (1.2, 1.0), (0.9, 1.0)])
    assert [outcome.shown for outcome in costs] == ["0.500", "0.100", "0.500"]
    assert latency.verdict == "met"


def test_a_plan_is_judged_by_the_largest_study_and_by_its_growth():
    made = {
        cells: Used(seconds, seconds, 1000.0, "")
        for cells, seconds in ((100, 3.0), (1000, 5.0), (10_000, 100.0))
    }
    time_, memory, growth = wide.plan_outcomes("dry run", made)
    assert (time_.shown, time_.verdict) == ("1.111 (100 s)", "missed by 0.111")
    assert memory.verdict == "met"
    assert growth.shown == "2.000" and growth.verdict == "missed by 0.500"
