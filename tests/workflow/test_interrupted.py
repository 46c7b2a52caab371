"""A study that is interrupted while it times: nothing half-written, nobody left, and it resumes."""

import os
import signal
import subprocess
import sys
import time

import psutil
import pytest
from snakemake_project import CELLS

LONGEST_S = 300


def visits_of(root) -> list[psutil.Process]:
    """The processes of jobs and visits of the study in this folder, and their warm parent."""
    found = []
    for process in psutil.process_iter(["cmdline", "cwd"]):
        command = " ".join(process.info["cmdline"] or [])
        if process.info["cwd"] == str(root) and ("measure.py" in command or "warm" in command):
            found.append(process)
    return found


def wait_for(condition) -> None:
    end = time.monotonic() + LONGEST_S
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.1)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_an_interrupted_run_leaves_nothing_and_the_same_command_resumes(project, how):
    path = project.run_file(CELLS[1])
    path.unlink()
    project.configure(timing={"min_time_s": 3, "visits": 20, "max_visits": 20})
    name = str(path.relative_to(project.root))
    study = subprocess.Popen(
        [sys.executable, "-m", "snakemake", name],
        cwd=project.root, start_new_session=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=_hear_interrupts,
    )  # fmt: skip
    wait_for(lambda: len(visits_of(project.root)) >= 2 and _forked(project.root))
    os.killpg(study.pid, how)
    study.wait(LONGEST_S)
    wait_for(lambda: not visits_of(project.root))
    assert not list(path.parent.glob("*")) or not path.exists()
    project.configure(timing={"min_time_s": 0.02, "visits": 1, "max_visits": 1})
    again = project.call(name)
    if again.returncode:
        assert "snakemake --unlock" in again.stdout or "--unlock" in again.stdout
        project.run("--unlock")
        project.run(name)
    assert path.exists()


def _hear_interrupts() -> None:
    """A shell's background jobs, and all that they start, are deaf to SIGINT."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _forked(root) -> bool:
    """Whether a visit is under way: a job that times has a child of its own."""
    return any(process.children() for process in visits_of(root) if _is_python(process))


def _is_python(process: psutil.Process) -> bool:
    try:
        return "python" in process.name()
    except psutil.NoSuchProcess:
        return False
