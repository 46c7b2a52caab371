"""A study that is interrupted while it times: nothing half-written, nobody left, and it resumes."""

import signal
import time
from itertools import product

import psutil
import pytest
from background import Running, all_gone, cast, wait_for
from snakemake_project import AFTER_TIMING, CELLS, Project
from whole_study import half_made

pytestmark = pytest.mark.long

LONG = {"min_time_s": 300, "time_limit_s": 600}
"""Processes that take minutes, on a busy machine, too: whoever outlives its job is seen."""
RUN = f"results/runs/{CELLS[1]}/round1.parquet"
LOG = f"results/logs/runs/{CELLS[1]}_round1.log"


def timing(project: Project, *arguments: str) -> Running:
    """A snakemake with these arguments, as soon as a process times the run."""
    study = Running(project, *arguments)
    wait_for(lambda: "process" in cast(project.root, LOG) or study.status is not None)
    assert study.status is None, study.said
    return study


def test_an_interrupted_run_leaves_nothing_and_the_same_command_resumes(project):
    path = project.root / RUN
    path.unlink()
    project.configure(timing=LONG)
    study = timing(project, RUN)
    study.kill(signal.SIGINT)
    assert "Stopped after" in study.said and "FAILED" not in study.said
    assert all_gone(project.root) == []
    assert not path.exists()
    assert half_made(project.root) == []
    project.configure(timing={"min_time_s": 0.02})
    project.run(RUN)
    assert path.exists()
    assert not list(path.parent.glob(".*"))


def test_an_old_run_stays_when_timing_it_again_is_killed_and_is_timed_next(project):
    path, page = project.root / RUN, project.root / "results/report.html"
    old, report = path.read_bytes(), page.read_bytes()
    timing(project, "results/report.html", "--forcerun", RUN).kill(signal.SIGKILL)
    assert all_gone(project.root) == []
    assert path.read_bytes() == old and page.read_bytes() == report
    assert half_made(project.root) == []
    assert project.plan() == {"measure": 1} | AFTER_TIMING
    assert "time     1 run" in project.run()
    assert path.read_bytes() != old and page.read_bytes() != report
    assert project.plan() == {}


@pytest.mark.parametrize(
    ("name", "role"),
    [  # after the other two a snakemake lets the running job finish
        ("SIGKILL", "snakemake"),
        *product(("SIGTERM", "SIGINT", "SIGKILL"), ("script", "warm", "process")),
    ],
)
def test_a_signal_to_one_process_of_a_timing_job_ends_them_all(project, chance, name, role):
    (project.root / RUN).unlink()
    project.configure(timing=LONG)
    study = timing(project, RUN)
    time.sleep(chance.uniform(0, 3))
    found = cast(project.root, LOG) | {"snakemake": psutil.Process(study.process.pid)}
    assert role in found, study.said
    found[role].send_signal(signal.Signals[name])
    assert all_gone(project.root) == []
    assert not (project.root / RUN).exists()
