"""Only what changed runs again: by what Snakemake announces, and by running it."""

import os
import shutil

import pandas as pd
import pytest
import yaml
from snakemake_project import AFTER_TIMING, CELLS, SENTINELS

from tfscale.study.outputs import FIGURES
from tfscale.timing import run_file

MEASURE = "results/runs/*/*.parquet"
TRAIN = "results/models/*/facts.json"


CONDA = """#!/bin/sh
case "$1" in
  info) echo '{"conda_prefix": "/opt/conda", "platform": "linux-64", "conda_version": "25.1.0"}' ;;
  config) echo '{"get": {"channel_priority": "strict"}}' ;;
  *) echo "conda 25.1.0" ;;
esac
"""


@pytest.fixture
def conda(tmp_path, monkeypatch):
    """A conda on the PATH: where there is none, one that answers what a dry run asks it."""
    if shutil.which("conda") is None:
        (tmp_path / "bin").mkdir()
        (tmp_path / "bin" / "conda").write_text(CONDA)
        (tmp_path / "bin" / "conda").chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")


def test_nothing_to_do_however_the_study_is_called(project, conda):
    for arguments in (
        (), ("--cores", "4"), ("--cores", "1"), ("--cores", "4", "--use-conda"),
        ("results/report.html",), (f"results/runs/{CELLS[0]}/round1.parquet",),
    ):  # fmt: skip
        assert project.plan(*arguments) == {}, arguments


def test_touching_every_file_reruns_nothing(project):
    for folder, _, names in os.walk(project.root):
        for name in names:
            if ".snakemake" not in folder:
                os.utime(f"{folder}/{name}")
    assert project.plan() == {}


def test_a_fresh_clone_beside_old_results_reruns_nothing(project, fresh):
    for name in (".snakemake", "resources", "results"):
        shutil.copytree(
            project.root / name,
            fresh.root / name,
            copy_function=shutil.copyfile,
            dirs_exist_ok=True,
        )
    assert fresh.plan() == {}


def test_another_order_of_keys_reruns_nothing(project):
    path = project.root / "config.yaml"
    path.write_text(yaml.safe_dump(yaml.safe_load(path.read_text()), sort_keys=True))
    assert project.plan() == {}


def test_a_new_batch_size_times_only_its_cells(project):
    before = project.times("runs/*/*.parquet")
    grid = yaml.safe_load((project.root / "config.yaml").read_text())["grid"]
    grid[0]["batch_size"] = [1, 2]
    project.configure(grid=grid)
    wanted = {"measure": 2, "floor": 1} | AFTER_TIMING
    assert project.plan() == wanted
    project.run()
    after = project.times("runs/*/*.parquet")
    assert len(after) == 5 and before.items() <= after.items()
    assert project.plan() == {}


def test_new_layers_train_only_their_model(project):
    grid = yaml.safe_load((project.root / "config.yaml").read_text())["grid"]
    grid[0]["layers"] = [4, 6, 8]
    project.configure(grid=grid)
    assert project.plan() == {"train": 1, "measure": 1} | AFTER_TIMING


def test_changed_data_of_one_cell_reruns_that_cell(project):
    manifest = project.root / "resources/encoded/builtin/text_input14.json"
    manifest.write_text(manifest.read_text().replace('"sha256": "', '"sha256": "0'))
    assert project.plan() == {"train": 1, "measure": 2} | AFTER_TIMING


def test_an_edit_of_the_figure_code_redraws_figures(project):
    before = project.times("*.parquet") | project.times("figures/*")
    project.append("workflow/scripts/tfscale/figures/look.py", 'INK = "black"')
    assert project.plan() == {"plot": 2, "report": 1, "all": 1}
    project.run()
    after = project.times("*.parquet") | project.times("figures/*")
    changed = {name for name in after if after[name] != before[name]}
    assert len(changed) == 2 * (2 * len(FIGURES) + 1)
    assert all("figures" in name for name in changed)
    assert project.plan() == {}


def test_changed_timing_settings_time_again_without_training(project):
    project.configure(timing={"min_calls": 6})
    assert project.plan() == {"measure": 3 + SENTINELS, "floor": 1} | AFTER_TIMING
    trained = project.times("models/*/facts.json")
    project.run("results/cells.parquet")
    assert project.times("models/*/facts.json") == trained
    assert project.plan("results/cells.parquet") == {}


def test_another_round_keeps_the_first(project):
    project.configure(timing={"rounds": 2})
    assert project.plan() == {"measure": 3} | AFTER_TIMING


def test_further_rounds_time_only_cells_that_are_not_yet_precise(project):
    """With a precision that five clean visits always have, later runs make none."""
    project.configure(
        timing={
            "visits": 5,
            "max_visits": 5,
            "precision": 1.0,
            "further_rounds": 2,
            "sentinels": 0,
            "cell_cap_s": 600,
        }
    )
    project.run("results/cells.parquet")
    empty = []
    for cell in CELLS:
        clean = 0
        for number in (1, 2, 3):
            path = project.root / "results" / "runs" / cell / f"round{number}.parquet"
            table, record = run_file.read(str(path))
            assert (len(table) == 0) == (clean >= 5)
            assert (len(table) == 0) == (record["stop_reason"] == "precision reached before")
            clean += table["disturbed"].to_pylist().count(False)
            empty += [] if len(table) else [path]
    cells = pd.read_parquet(project.root / "results/cells.parquet")
    assert empty, "a cell that was not disturbed has nothing to do in rounds 2 and 3"
    assert (cells["visits"] >= 5).all()
    assert project.plan("results/cells.parquet") == {}
    project.configure(timing={"further_rounds": 3})
    assert project.plan("results/cells.parquet") == {"measure": 3, "merge": 1}
    project.configure(timing={"cell_cap_s": 90})
    assert project.plan("results/cells.parquet") == {"measure": 3 * 3, "merge": 1}, "no round 1"
    project.configure(timing={"cell_cap_s": 600})
    first = next(path for path in empty if path.name == "round2.parquet")
    first.write_bytes(first.read_bytes()[:-9])
    assert project.plan("results/cells.parquet") == {"measure": 3 + 2, "merge": 1}


def test_changed_training_settings_train_again(project):
    project.configure(training={"learning_rate": 0.002})
    assert project.plan() == {"train": 3, "measure": 3 + SENTINELS} | AFTER_TIMING
    before = project.times("models/*/facts.json")
    project.run("results/cells.parquet")
    after = project.times("models/*/facts.json")
    assert all(after[name] > before[name] for name in before)
    assert project.plan("results/cells.parquet") == {}


def test_an_edit_of_the_timing_code_times_again(project):
    project.append("workflow/scripts/tfscale/timing/block.py", "# another line")
    assert project.plan() == {"measure": 3 + SENTINELS, "floor": 1} | AFTER_TIMING


def test_a_changed_pin_of_tensorflow_trains_and_times_again(project):
    project.append("envs/tensorflow.yaml", "      - absl-py==2.0.0")
    again = {"train": 3, "measure": 3 + SENTINELS, "floor": 1}
    assert project.plan() == again | AFTER_TIMING


def test_an_edit_of_the_page_writes_the_report_again(project):
    project.append("workflow/report/report.html.j2", "<!-- more -->")
    assert project.plan() == {"report": 1, "all": 1}


def spoil(path, how: str) -> None:
    content = path.read_bytes()
    if how == "removed":
        path.unlink()
    elif how == "emptied":
        path.write_bytes(b"")
    elif how == "one bit":
        path.write_bytes(content[:500] + bytes([content[500] ^ 1]) + content[501:])


@pytest.mark.parametrize("how", ["removed", "emptied", "one bit"])
def test_a_lost_run_is_redone_with_what_follows(project, how):
    spoil(project.run_file(CELLS[2]), how)
    wanted = {"measure": 1} | AFTER_TIMING
    assert project.plan() == wanted
    del wanted["all"]
    assert project.plan("results/report.html") == wanted
    if how == "one bit":
        kept = project.times(f"runs/{CELLS[0]}/*")
        project.run("results/report.html")
        assert project.times(f"runs/{CELLS[0]}/*") == kept
        assert project.plan() == {}


def test_one_run_alone_can_be_named(project):
    path = project.run_file(CELLS[1])
    path.unlink()
    name = str(path.relative_to(project.root))
    assert project.plan(name) == {"measure": 1}
    project.run(name)
    assert path.exists()


def test_another_look_at_the_machine_times_nothing_again(project):
    (project.root / "results/machine.json").unlink()
    assert project.plan("results/machine.json") == {"calibrate": 1}
    project.run("results/machine.json")
    assert project.plan() == {"report": 1, "all": 1}


def test_more_sentinels_leave_the_rounds_as_they_are(project):
    project.configure(timing={"sentinels": 2})
    assert project.plan() == {"measure": 2} | AFTER_TIMING
