"""A study that is interrupted while it times: nothing half-written, nobody left, and it resumes."""

import signal

import pytest
from background import Running, all_gone, cast, wait_for
from snakemake_project import AFTER_TIMING, CELLS
from torture.orphans import LONG
from torture.whole import half_made

pytestmark = pytest.mark.long

GONE_S = 60
LOG = f"results/logs/runs/{CELLS[1]}_round1.log"


def test_an_interrupted_run_leaves_nothing_and_the_same_command_resumes(project):
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
    study.kill(signal.SIGINT)
    assert all_gone(project.root, GONE_S) == []
    assert not path.exists()
    assert half_made(project.root) == []
    project.configure(timing={"min_time_s": 0.02})
    project.run(name)
    assert path.exists()
    assert not list(path.parent.glob(".*"))


def test_an_old_run_stays_when_timing_it_again_is_killed_and_is_timed_next(project):
    path = project.run_file(CELLS[1])
    old, page = path.read_bytes(), project.root / "results/report.html"
    report = page.read_bytes()
    name = str(path.relative_to(project.root))
    study = Running(project, "results/report.html", "--forcerun", name)
    assert wait_for(lambda: "process" in cast(project.root, LOG)), study.said
    study.kill(signal.SIGKILL)
    assert all_gone(project.root, GONE_S) == []
    assert path.read_bytes() == old and page.read_bytes() == report
    assert half_made(project.root) == []
    assert project.plan() == {"measure": 1} | AFTER_TIMING
    assert "time     1 run" in project.run()
    assert path.read_bytes() != old and page.read_bytes() != report
    assert project.plan() == {}
