"""The arithmetic of the benches, without TensorFlow; how long anything takes is never asserted."""

import json
import math
import os
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import yaml

import bench
from bench import (
    coverage,
    kernel_times,
    neighbour,
    noise,
    planning,
    precision,
    ramp,
    ratios,
    record,
    signs,
    small,
    studies,
    sweeps,
    thresholds,
    training,
    used,
    warm,
    wide,
    wide_files,
    wide_job,
    wide_runs,
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
from tfscale import config as tfscale_config
from tfscale import runs
from tfscale.study import Study as WholeStudy


def finished(folder: Path) -> Study:
    """A study of two mnist cells and a text cell that share models between batch sizes."""
    rows = [("mnist", 4, 1), ("mnist", 4, 64), ("text", 4, 1)]
    table = pd.DataFrame(rows, columns=["model", "layers", "batch_size"])
    table = table.assign(conv_size=3, input_size=28, threads=1, flop_per_example=1000)
    table["cell"] = [f"{model}_batch{size}" for model, _, size in rows]
    for model in ("mnist", "text"):
        (folder / "results" / "models" / model).mkdir(parents=True)
        facts = {"model": model, "layers": 4, "batch_size": 64, "conv_size": 3, "input_size": 28}
        facts |= {"data": "real", "test_inputs": 100}
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
    assert request["inputs"] == 100
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


RULE = {
    "protocol": "visits", "visits": 3, "max_visits": 8, "precision": 0.02, "coverage": 0.9375,
    "time_cap_s": 120.0,
}  # fmt: skip


def never(number, own, earlier):
    return False


def test_rounds_are_cut_where_the_rule_says():
    walks = np.arange(8.0).reshape(2, 4)
    assert coverage.pooled(walks, lambda _, own, earlier: len(own) == 3) == [0, 1, 2, 4, 5, 6]
    assert coverage.pooled(walks, lambda number, own, earlier: len(own + earlier) == 5) == [
        0,
        1,
        2,
        3,
        4,
    ]
    assert len(coverage.pooled(walks, lambda number, own, earlier: False)) == 8


def test_simulated_coverage_of_a_fixed_number_is_the_claimed_one():
    rng = np.random.default_rng(1)
    fixed = coverage.simulate(noise.log_normal(0.05), never, 1, 8, rng, RULE, studies=2000)
    assert fixed.claimed >= RULE["coverage"]
    assert fixed.real == pytest.approx(fixed.claimed, abs=0.01)
    assert fixed.visits == 8


def test_stopping_when_it_looks_narrow_costs_coverage():
    def narrow(number, own, earlier):
        return len(own) >= 2 and max(own) / min(own) < 1.02

    rng = np.random.default_rng(1)
    made = noise.log_normal(0.05)
    got = coverage.simulate(made, narrow, 1, 8, rng, RULE, studies=1000)
    fixed = coverage.simulate(
        made, lambda number, own, earlier: False, 1, 8, rng, RULE, studies=1000
    )
    assert got.visits < 8
    assert got.real < fixed.real - 0.005


def test_the_rule_is_asked_as_it_is_written():
    stop = coverage.rule_stop(RULE)
    assert [stop(1, [1.0] * count, []) for count in (2, 3)] == [False, True]
    assert not stop(1, [1.0, 1.1, 1.2], [])
    assert [stop(2, [1.0] * count, [1.0] * 2) for count in (3, 4)] == [False, True]


@pytest.mark.parametrize("make", noise.NOISES.values(), ids=list(noise.NOISES))
def test_noise_is_positive_and_of_the_asked_shape(make):
    drawn = make(np.random.default_rng(1), 3, 5)
    assert drawn.shape == (3, 5)
    assert (drawn > 0).all()


def test_a_ramp_moves_all_cells_and_leaves_their_ratios():
    table = ramp.synthetic(np.random.default_rng(1), 0.1)
    late = table.iloc[-100:]
    assert (late["p50_s"] / late["true_s"]).median() == pytest.approx(1.08, abs=0.02)
    assert np.mean(ramp.ratio_errors(table) <= 0.05) > 0.95


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


def test_simulated_sweeps_have_the_threshold_that_was_put_in():
    rng = np.random.default_rng(0)
    jump = sweeps.simulate(sweeps.BROKEN["all times + 50 %"], 8, 0.02, rng, sweeps=10)
    none = sweeps.simulate(sweeps.SMOOTH["overhead + work"], 8, 0.02, rng, sweeps=10)
    assert jump.found >= 0.8 and jump.covered >= 0.8 and none.found <= 0.2
    assert thresholds.TITLE.startswith("Simulated thresholds")


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


@pytest.mark.parametrize("cells", wide.SIZES)
def test_made_up_studies_have_as_many_cells_as_asked_for(cells, config):
    config["grid"] = wide.grid(cells)
    study = WholeStudy.from_config(config)
    assert len(study.cells) == cells
    assert len(study.trained) == cells // len(config["grid"]["batch_size"])
    with pytest.raises(ValueError, match="no multiple of 100"):
        wide.grid(cells + 1000 + 1)


@pytest.fixture
def made_up(config, tmp_path):
    """A made-up study of eight cells with all its files, in a folder without a project."""
    config["grid"] = wide.grid(100) | {
        "layers": [4, 6],
        "conv_size": [3],
        "batch_size": [1, 2, 3, 4],
    }
    config["datasets"]["source"] = "builtin"
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(config))
    made = wide.WideStudy(tmp_path, 8)
    wide_files.write_files(made)
    wide_runs.write_some(wide_runs.all_runs(made))
    return made


def test_made_up_runs_fill_every_column_and_are_read_like_real_ones(made_up):
    study, settings = made_up.study, made_up.config["timing"]
    paths = made_up.paths(study.run_files("runs", "<results>"))
    assert len(paths) == 8 * settings["rounds"]
    table, said = runs.read(paths[0])
    empty = {name for name in table.column_names if table[name].null_count == len(table)}
    assert empty == {"memory_device_bytes"}
    cell = Path(paths[0]).parent.name
    assert table["cell"].to_pylist() == [cell] * wide.VISITS
    assert set(said) == {"stop_reason", "environment", "environment_id", "warnings"}
    again = wide_runs.rows_of(
        table["cell"][0].as_py(), study.cell(Path(paths[0]).parent.name), 1, -16
    )
    assert [row["p50_s"] for row in again] == table["p50_s"].to_pylist()


def test_a_made_up_study_is_merged_into_the_latencies_that_were_put_in(made_up):
    wide_job.merge(made_up)
    cells = pd.read_parquet(made_up.results / "cells.parquet")
    assert cells["cell"].tolist() == list(made_up.study.cells)
    true_s = [wide_runs.latency_s(axes) for axes in made_up.study.cells.values()]
    assert cells["latency_s"].to_numpy() == pytest.approx(np.array(true_s), rel=0.1)
    assert (cells["visits"] == made_up.config["timing"]["rounds"] * wide.VISITS).all()
    order = pd.read_parquet(made_up.results / "visits.parquet").drop_duplicates(["cell", "round"])
    first = order[(order["round"] == 1) & ~order["sentinel"]].sort_values("order_index")["cell"]
    schedule = made_up.study.schedule
    assert first.tolist() == sorted(first, key=lambda cell: -schedule.priority("runs", cell, 1))


def test_a_command_is_measured_with_its_memory(tmp_path):
    code = "import time; kept = bytearray(200_000_000); time.sleep(0.2); print('said')"
    got = used.used([sys.executable, "-c", code], tmp_path)
    assert got.said == "said\n" and got.seconds >= 0.2
    assert 200 < got.peak_mb < 400
    assert 0 < got.cpu_s < got.seconds
    with pytest.raises(SkippedError, match="no such thing"):
        used.used([sys.executable, "-c", "raise SystemExit('no such thing')"], tmp_path)


@pytest.mark.parametrize("module", [training, warm])
def test_small_studies_have_valid_configurations(module):
    root = small.small_project(module.BATCHES, {"max_steps": 1, "budget_tflop": None})
    config = yaml.safe_load((root / "config.yaml").read_text())
    assert tfscale_config.mistakes(config) == []
    assert len(WholeStudy.from_config(config).cells) == len(module.BATCHES)


def test_jobs_are_found_in_snakemakes_records(tmp_path):
    folder = tmp_path / small.RECORDS / "@long"
    folder.mkdir(parents=True)
    for name, rule, log, end in (
        ("a", "train", "a.log", 3.0), ("b", "train", "a.log", 5.0), ("c", "merge", "m.log", 9.0),
    ):  # fmt: skip
        record = {"rule": rule, "log": [log], "starttime": 1.0, "endtime": end}
        (folder / name).write_text(json.dumps(record))
    (job,) = small.done_jobs(tmp_path, "train")
    assert (job.log, job.seconds) == ("a.log", 4.0)
    with pytest.raises(SkippedError, match="no job of measure"):
        small.done_jobs(tmp_path, "measure")


def test_the_fixed_cost_is_what_a_run_takes_outside_of_its_visits(tmp_path):
    run = tmp_path / "results" / "runs" / "a_cell" / "round1.parquet"
    run.parent.mkdir(parents=True)
    pd.DataFrame({"visit_s": [1.0, 2.0]}).to_parquet(run)
    job = small.Done("measure", "results/logs/runs/a_cell_round1.log", 1.0, 4.5)
    assert warm.outside_s(tmp_path, job) == 0.5
    costs_s = {
        ("measure", "warm"): [0.5, 0.5, 4.0], ("measure", "cold"): [5.0, 5.0, 5.0],
        ("train", "warm"): [2.0], ("train", "cold"): [4.0],
    }  # fmt: skip
    *costs, latency = warm.outcomes(costs_s, [(1.0, 1.0), (1.2, 1.0), (0.9, 1.0)])
    assert [outcome.shown for outcome in costs] == ["0.500", "0.100", "0.500"]
    assert latency.shown.startswith("1.000 (0.900 to 1.200")
    assert latency.verdict == "met"
    *_, apart = warm.outcomes(costs_s, [(1.1, 1.0)] * 3)
    assert apart.verdict == "missed by 5.0 %"


def test_a_plan_is_judged_by_the_largest_study_and_by_its_growth():
    made = {
        cells: used.Used(seconds, seconds, 10**9, "")
        for cells, seconds in ((100, 3.0), (1000, 5.0), (10_000, 100.0))
    }
    time_, memory, growth = planning.outcomes("dry run", made)
    assert (time_.shown, time_.verdict) == ("1.111 (100 s)", "missed by 0.111")
    assert memory.verdict == "met"
    assert growth.shown == "2.000" and growth.verdict == "missed by 0.500"
