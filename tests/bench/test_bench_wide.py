"""The benches of wide studies, of commands and of jobs."""

import json
import os
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from bench import (
    both_cpus,
    planning,
    small,
    training,
    used,
    warm,
    wide,
    wide_files,
    wide_job,
    wide_runs,
)
from bench.outcome import (
    SkippedError,
)
from tfscale.study import config as tfscale_config
from tfscale.study.study import Study as WholeStudy
from tfscale.timing import run_file

pytestmark = pytest.mark.long


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
    config["timing"]["further_rounds"] = 0
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(config))
    made = wide.WideStudy(tmp_path, 8)
    wide_files.write_files(made)
    wide_runs.write_some(wide_runs.all_runs(made))
    return made


def test_made_up_runs_fill_every_column_and_are_read_like_real_ones(made_up):
    study, settings = made_up.study, made_up.config["timing"]
    paths = made_up.paths(study.run_files("runs", "<results>"))
    assert len(paths) == 8 * settings["rounds"]
    table, said = run_file.read(paths[0])
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


def test_a_wide_study_is_one_that_the_pipeline_takes():
    wide_study = wide.new_study(100)
    assert len(wide_study.study.cells) == 100
    assert wide_study.study.config["timing"]["visits"] == wide.VISITS


def test_a_command_is_measured_with_its_memory(tmp_path):
    code = "import time; kept = bytearray(200_000_000); time.sleep(0.2); print('said')"
    got = used.used([sys.executable, "-c", code], tmp_path)
    assert got.said == "said\n" and got.seconds >= 0.2
    assert 200 < got.peak_mb < 400
    assert 0 < got.cpu_s < got.seconds
    with pytest.raises(SkippedError, match="no such thing"):
        used.used([sys.executable, "-c", "raise SystemExit('no such thing')"], tmp_path)


def test_two_cpus_are_compared_alone_and_side_by_side(monkeypatch):
    monkeypatch.setattr(both_cpus, "TURNS", 1)
    cpu = min(os.sched_getaffinity(0))
    found = both_cpus.efficiencies([cpu, cpu])  # how fast depends on who else is there
    assert set(found) == {"calibration kernel", "copy of memory"}
    assert all(value > 0 for value in found.values())


def test_side_by_side_on_cpus_that_slow_each_other_down_is_less_than_one(monkeypatch):
    monkeypatch.setattr(both_cpus, "_medians_s", lambda cpus: [{"copy": 0.1 * len(cpus)}] * 2)
    assert both_cpus.efficiencies([0, 1]) == {"copy": pytest.approx(0.5)}


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
