"""Results that came from elsewhere: what is right stays, and nothing dear is made again unasked."""

import os
import shlex
import shutil
from time import time

import pytest
from snakemake_project import CELLS, Project

DEAR = ("models/*/*", "runs/*/*", "floor.*", "machine.json")
PARTIAL = ("results/report.html", "--config", "partial=true")
DATA = "resources/encoded/builtin/movie-reviews_input14"
AGES_S = {"encoded": 0, "models": 1000, "runs": 2000, "results": 3000}
TIMED_BY = "workflow/scripts/tfscale/timing/block.py"


@pytest.fixture
def copied(finished, fresh) -> Project:
    """A fresh clone with results and data beside it (`cp -a results resources`)."""
    for name in ("results", "resources"):
        shutil.copytree(finished.root / name, fresh.root / name, dirs_exist_ok=True)
    return fresh


def dear(project: Project) -> dict[str, int]:
    """The times of what took long to make."""
    return {name: ns for kind in DEAR for name, ns in project.times(kind).items()}


def typed(project: Project, printed: str, heading: str, *more: str) -> str:
    """What the command says that stands behind a heading, typed with `more` options."""
    (line,) = [line for line in printed.splitlines() if line.strip().startswith(heading)]
    return project.run(*more, *shlex.split(line.partition(": ")[2], comments=True)[1:])


def test_a_copy_of_the_same_code_stays(copied):
    bare = ("results/cells.parquet", "--workflow-profile", "none", "--cores", "2")
    assert copied.plan(*bare) == {}, "Snakemake's default goes by the time of job.py"


def test_a_copy_whose_times_have_lost_their_order_is_not_trained_or_timed_again(copied):
    for path in copied.root.glob("res*/**/*"):  # data is the newest, runs are older than models
        age_s = next(age_s for part, age_s in AGES_S.items() if part in (*path.parts, "results"))
        os.utime(path, (time() - age_s,) * 2)
    assert not {"train", "measure", "calibrate"} & set(copied.plan())


def test_what_other_code_made_is_kept_until_the_user_says(copied):
    copied.append(TIMED_BY, "# another meter")
    before = dear(copied)
    done = copied.call()
    assert done.returncode != 0 and dear(copied) == before
    said = "Of what is there, 3 runs would be made again: other code made them"
    assert "Nothing was started." in done.stdout and said in done.stdout
    assert "to make them again: snakemake --forcerun measure\n" in done.stdout
    typed(copied, done.stdout, "to keep them")
    assert not {"train", "measure"} & set(copied.plan())


@pytest.mark.long
def test_a_damaged_run_is_made_again_unasked(project):
    run = project.run_file(CELLS[2])
    run.write_bytes(b"")
    said = f"{run.relative_to(project.root)} is damaged: it is made again"
    assert project.run("results/cells.parquet").count(said) == 1
    assert run.stat().st_size and project.plan("results/cells.parquet") == {}


@pytest.mark.long
def test_what_other_settings_made_is_made_again_on_demand(copied):
    copied.configure(timing={"min_calls": 6})
    done = copied.call()
    assert "3 runs would be made again: other settings made them" in done.stdout
    before = copied.times("runs/*/*")
    copied.run("results/cells.parquet", "--forcerun", "measure")
    after = copied.times("runs/*/*")
    assert all(after[name] > before[name] for name in before)
    assert copied.plan("results/cells.parquet") == {}


@pytest.mark.long
def test_lost_data_that_models_need_is_made_alone(project):
    lost = f"{DATA}.npz"
    content = (project.root / lost).read_bytes()
    (project.root / lost).unlink()
    project.run_file(CELLS[2]).unlink()
    before = dear(project)
    done = project.call("results/cells.parquet")
    assert done.returncode != 0 and dear(project) == before
    assert f"would be made again: {lost} is not there" in done.stdout
    typed(project, done.stdout, "to keep them")
    assert project.plan("results/cells.parquet") == {"measure": 1, "merge": 1}
    assert (project.root / lost).read_bytes() == content


def test_results_alone_make_a_partial_report_and_are_whole(copied):
    shutil.rmtree(copied.root / "resources")
    assert copied.plan() == {}
    (copied.root / "results/report.html").unlink()
    before = dear(copied)
    copied.run(*PARTIAL)
    assert "boot" in (copied.root / "results/report.html").read_text()
    assert dear(copied) == before


@pytest.mark.long
def test_a_changed_setting_costs_a_line_and_what_would_keep_the_old_is_named(project):
    project.configure(training={"learning_rate": 0.002})
    assert project.plan()["train"] == 3
    before = project.times("models/*/facts.json")
    printed = project.run("results/cells.parquet")
    after = project.times("models/*/facts.json")
    assert all(after[name] > before[name] for name in before)
    assert "again    3 trained models and 3 runs: training.learning_rate was 0.001" in printed
    assert "to keep what is there: snakemake results/other/report.html --config" in printed
    planned = typed(project, printed, "to keep what is there", "-n")
    assert "results/other/models/" in planned and " results/models/" not in planned
