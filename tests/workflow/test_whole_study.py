"""One whole study: what a user finds after the plainest command."""

import json

import pandas as pd
import pytest
from snakemake_project import CELLS

from tfscale.models.saved import digest
from tfscale.study.outputs import BOXED, TABLES, figures_of
from tfscale.timing import run_file

FIGURES = figures_of(BOXED, paper=True)


pytestmark = pytest.mark.usefixtures("real_families")


@pytest.fixture(scope="module")
def results(finished):
    return finished.root / "results"


def test_every_promised_file_is_there(results):
    for name in (
        "report.html",
        "runs.parquet",
        "cells.parquet",
        "mnist.csv",
        "text.csv",
        "machine.json",
        "floor.parquet",
        "roofs.parquet",
        "fits/findings.txt",
        *(f"fits/{table}.{kind}" for table in TABLES for kind in ("csv", "parquet")),
    ):
        assert (results / name).stat().st_size > 0
    assert (results / "report.html").stat().st_size < 5_000_000
    figures = {f"{model}_{figure}" for model in ("mnist", "text") for figure in FIGURES}
    for kind in ("svg", "png"):
        assert {path.stem for path in (results / "figures").glob(f"*.{kind}")} == figures
    for model in ("mnist", "text"):
        words = json.loads((results / "figures" / f"{model}.json").read_text())
        assert list(words) == list(FIGURES) and words["by_layers"]["filled"]


def test_cells_are_timed_and_carry_their_training(results):
    cells = pd.read_parquet(results / "cells.parquet").set_index("cell")
    assert list(cells.index) == CELLS
    assert (cells["latency_s"] > 0).all()
    assert (cells["throughput_per_s"] > 0).all()
    assert (cells["floor_s"] > 0).all()
    assert (cells["memory_timed_bytes"] > 10**8).all()
    assert (cells["rounds"] == 1).all() and (cells["processes"] == 1).all()
    assert (cells["training_examples"] == [64, 64, 64]).all()
    assert set(cells["data"]) == {"builtin"}


def test_one_cell_is_timed_at_a_time(results):
    runs = pd.read_parquet(results / "runs.parquet").sort_values("started")
    ended = runs["started"] + pd.to_timedelta(runs["process_s"], unit="s")
    assert (runs["started"].iloc[1:].to_numpy() >= ended.iloc[:-1].to_numpy()).all()


def test_beside_each_model_lies_what_is_known_of_it(results):
    model = results / "models" / "text_layers4_batch16_conv3_input14"
    facts = json.loads((model / "facts.json").read_text())
    answers = pd.read_parquet(model / "predictions.parquet")
    assert facts["saved_model_sha256"] == digest(model / "saved_model")
    assert facts["test_accuracy"] == pytest.approx(
        (answers["actual"] == answers["predicted"]).mean()
    )
    assert len(answers) == 64 and answers["review"].str.len().min() > 10
    assert "(None, 14, 256)" in (model / "structure.txt").read_text()
    assert len(pd.read_csv(model / "history.csv")) == 2


def test_the_log_of_a_run_reads_as_the_papers(results):
    log = (results / "logs" / "runs" / f"{CELLS[2]}_round1.log").read_text()
    assert "2 passes of 64 inputs" in log
    assert "Mean time: " in log
    assert log.count("CORRECT ") + log.count("WRONG ") == 10
    assert "Actual: " in log and "| Predicted: " in log


@pytest.mark.long
def test_new_interpreters_time_every_pass_of_the_papers_protocol(project):
    project.configure(timing={"protocol": "paper", "isolation": "exec", "processes": 2})
    path = project.run_file(CELLS[2])
    project.run(str(path.relative_to(project.root)))
    rows = run_file.read(str(path))[0].to_pylist()
    assert [row["process"] for row in rows] == [1, 2]
    for row in rows:
        found = row["protocol"], row["isolation"], row["calls"]
        assert found == ("paper", "exec", 2 * 64 // 4)
