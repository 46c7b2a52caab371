"""Only what changed runs again: by what Snakemake announces, and by running it."""

import os
import shutil

import pytest
import yaml
from snakemake_project import AFTER_TIMING, CELLS

from tfscale.study.outputs import FIGURES

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
    assert project.plan() == {"train": 1, "measure": 1} | AFTER_TIMING


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
    assert project.plan() == {"measure": 3, "floor": 1} | AFTER_TIMING
    trained = project.times("models/*/facts.json")
    project.run("results/cells.parquet")
    assert project.times("models/*/facts.json") == trained
    assert project.plan("results/cells.parquet") == {}


def test_another_round_keeps_the_first(project):
    project.configure(timing={"rounds": 2})
    assert project.plan() == {"measure": 3} | AFTER_TIMING


def test_changed_training_settings_train_again(project):
    project.configure(training={"learning_rate": 0.002})
    assert project.plan() == {"train": 3, "measure": 3} | AFTER_TIMING
    before = project.times("models/*/facts.json")
    project.run("results/cells.parquet")
    after = project.times("models/*/facts.json")
    assert all(after[name] > before[name] for name in before)
    assert project.plan("results/cells.parquet") == {}


TIMING = {"measure": 3, "floor": 1} | AFTER_TIMING


@pytest.mark.parametrize(
    ("module", "wanted"),
    [
        ("timing/block", TIMING),
        ("jobs/warm", {"train": 3, "calibrate": 1} | TIMING),
        ("figures/paper", {"plot": 2, "report": 1, "all": 1}),
        ("console/display", {}),
    ],
)
def test_an_edit_of_code_redoes_what_depends_on_it(project, module, wanted):
    project.append(f"workflow/scripts/tfscale/{module}.py", "# another line")
    assert project.plan() == wanted


def test_a_changed_pin_of_tensorflow_trains_and_times_again(project):
    project.append("envs/tensorflow.yaml", "      - absl-py==2.0.0")
    again = {"train": 3, "calibrate": 1, "measure": 3, "floor": 1}
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
