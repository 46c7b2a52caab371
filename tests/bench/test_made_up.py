"""Made-up studies are like real ones; benches of whole jobs have valid configurations."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from bench import made_up, steps, wide
from bench.projects import new_project
from bench.study import project_config, project_families
from tfscale.files.whole import noted
from tfscale.study.kinds import WORK
from tfscale.study.study import Study
from tfscale.timing import run_file


@pytest.mark.parametrize("cells", wide.SIZES)
def test_made_up_studies_have_as_many_cells_as_asked_for(cells, config):
    config["grid"] = made_up.grid(cells)
    study = Study.from_config(config)
    assert len(study.cells) == cells
    assert len(study.trained) == cells // len(config["grid"]["batch_size"])
    with pytest.raises(ValueError, match="no multiple of 100"):
        made_up.grid(cells + 1000 + 1)


@pytest.fixture
def study(config, tmp_path):
    """A made-up study of eight cells with all its files, in a folder without a project."""
    grid = {"layers": [4, 6], "conv_size": [3], "batch_size": [1, 2, 3, 4]}
    config["grid"] = made_up.grid(100) | grid
    config["predict"] = made_up.grid(100) | grid | {"layers": [8], "batch_size": [1]}
    config["datasets"]["source"] = "builtin"
    config["timing"]["processes"] = made_up.PROCESSES
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(config))
    made = made_up.WideStudy(tmp_path)
    made_up.write_files(made)
    made_up.write_some(made_up.all_runs(made))
    return made


def test_made_up_runs_fill_every_column_and_are_merged_into_the_latencies_put_in(study):
    rounds = study.config["timing"]["rounds"]
    paths = study.study.run_files(str(study.results))
    assert len(paths) == 8 * rounds
    table, _ = run_file.read(paths[0])
    empty = {name for name in table.column_names if table[name].null_count == len(table)}
    assert empty == {"memory_device_bytes", "output_difference", "output_difference_share"}
    cell = Path(paths[0]).parent.name
    again = made_up.rows_of(cell, study.study.cell(cell), 1, -16)
    assert [row["latency_s"] for row in again] == table["latency_s"].to_pylist()
    steps.merge(study)
    cells = pd.read_parquet(study.results / "cells.parquet")
    assert cells["cell"].tolist() == list(study.study.cells)
    true_s = [made_up.latency_s(axes) for axes in study.study.cells.values()]
    assert cells["latency_s"].to_numpy() == pytest.approx(np.array(true_s), rel=0.1)
    assert (cells["processes"] == rounds * made_up.PROCESSES).all()
    assert (cells["floor_s"] == 1e-4).all()
    (predicted,) = study.study.counted
    assert set(WORK) <= set(json.loads(study.work(predicted).read_text()))
    known = noted(study.results / "runs.parquet", "tfscale_families")
    assert known == study.study.about


def test_the_paper_is_there_in_a_project_of_a_bench():
    root = new_project(project_config())
    assert {path.name for path in (root / "families").glob("*.py")} >= {"mnist.py", "text.py"}
    assert set(project_families()) == {"mnist", "text"}
