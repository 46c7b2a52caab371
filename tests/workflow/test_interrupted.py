"""A study that is interrupted while it times: nothing half-written, nobody left, and it resumes."""

import signal
from itertools import pairwise

import pytest
from background import Running, all_gone, cast, rules_at_work, wait_for
from snakemake_project import CELLS
from torture.orphans import LONG, strike
from torture.two_studies import timed
from torture.whole import half_made

pytestmark = pytest.mark.long

GONE_S = 30
LOG = f"results/logs/runs/{CELLS[1]}_round1.log"


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_an_interrupted_run_leaves_nothing_and_the_same_command_resumes(project, how):
    path = project.run_file(CELLS[1])
    path.unlink()
    project.configure(timing=LONG)
    name = str(path.relative_to(project.root))
    study = Running(project, name)
    assert wait_for(lambda: "process" in cast(project.root, LOG)), study.said
    second = project.call(name)
    assert second.returncode != 0
    assert "Directory cannot be locked" in second.stdout and "--unlock" in second.stdout
    assert "Traceback" not in second.stdout
    study.kill(how)
    assert all_gone(project.root, GONE_S) == []
    assert not path.exists()
    assert half_made(project.root) == []
    project.configure(timing={"min_time_s": 0.02})
    project.run(name)
    assert path.exists()
    assert not list(path.parent.glob(".*"))


@pytest.mark.parametrize(
    ("role", "number"), [("snakemake", signal.SIGKILL), ("script", signal.SIGTERM)]
)
def test_nobody_of_a_timing_job_outlives_the_one_that_is_struck(project, role, number):
    project.configure(timing=LONG)
    assert strike(project, role, number, 0.5).harm == ()


def test_two_studies_are_timed_in_turn(project, finished, tmp_path):
    other = finished.copy_to(tmp_path / "other")
    lock = {"TFSCALE_TIMING_LOCK": str(tmp_path / "timing.lock")}
    names = [str(project.run_file(cell).relative_to(project.root)) for cell in CELLS]
    for study in (project, other):
        study.configure(timing={"min_time_s": 0.5})
    runs = [Running(study, *names, **lock) for study in (project, other)]
    assert wait_for(lambda: all("measure" in rules_at_work(run.root) for run in runs))
    assert [run.wait() for run in runs] == [0, 0], runs[0].said + runs[1].said
    logs = [project.root.glob("results/logs/runs/*"), other.root.glob("results/logs/runs/*")]
    said = "".join(log.read_text() for found in logs for log in found)
    assert "waiting: another study is being timed on this machine (pid" in said
    spans = sorted(timed(project) + timed(other))
    assert all(end <= begin for (_, end), (begin, _) in pairwise(spans))
