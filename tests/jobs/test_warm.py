"""Jobs in processes forked from a warm parent: the same answers, and nobody left behind."""

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress

import psutil
import pytest

from tfscale.errors import StudyError
from tfscale.jobs import warm

TASKS = """
import os, sys, time
def where(folder):
    return {"pid": os.getpid(), "parent": os.getppid(), "tensorflow": "tensorflow" in sys.modules,
            "folder": os.getcwd(), "threads": len(os.listdir("/proc/self/task")),
            "colour": os.environ.get("TFSCALE_COLOUR")}
def fail(): raise ValueError("no such cell")
def die(): os.kill(os.getpid(), 9)
def hang(path):
    open(path, "w").write(str(os.getpid()))
    time.sleep(60)
"""
pytestmark = pytest.mark.skipif(
    not hasattr(os, "pidfd_open"), reason="this system has no pidfd: jobs import by themselves"
)


@pytest.fixture(scope="module")
def tasks(tmp_path_factory):
    """A folder with the module `errands`; it is not on this process' import path."""
    folder = tmp_path_factory.mktemp("errands")
    (folder / "errands.py").write_text(TASKS)
    return folder


@pytest.fixture(scope="module")
def study(tasks):
    """A process that stands for Snakemake's; the warm parent lives as long as it does."""
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    patch = pytest.MonkeyPatch()
    patch.setattr(warm, "_study", lambda: process.pid)
    patch.setenv("PYTHONPATH", str(tasks))
    yield process
    patch.undo()
    process.kill()
    process.wait()


def gone(pid: int) -> bool:
    with suppress(psutil.NoSuchProcess, psutil.TimeoutExpired):
        psutil.Process(pid).wait(10)
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def test_jobs_are_forks_of_one_parent_that_has_imported(study, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    first = warm.do("errands:where", folder="x")
    monkeypatch.setenv("TFSCALE_COLOUR", "blue")
    second = warm.do("errands:where", folder="x")
    assert first["parent"] == second["parent"] != os.getpid()
    assert first["pid"] != second["pid"]
    assert first["tensorflow"]
    assert first["threads"] == 1
    assert first["folder"] == str(tmp_path)
    assert [first["colour"], second["colour"]] == [None, "blue"]


def test_an_edit_of_a_module_is_in_the_next_job(study, tasks):
    (tasks / "errands.py").write_text(TASKS + "def where(folder): return 'edited'\n")
    assert warm.do("errands:where", folder="x") == "edited"
    (tasks / "errands.py").write_text(TASKS)


def test_a_failing_job_says_why(study):
    with pytest.raises(StudyError, match="ValueError: no such cell"):
        warm.do("errands:fail")
    with pytest.raises(StudyError, match="signal 9"):
        warm.do("errands:die")


def test_a_job_ends_with_its_asker(study, tmp_path):
    pid_file = tmp_path / "pid"
    code = (
        f"from tfscale.jobs import warm as job; job._study = lambda: {study.pid}; "
        f"job.do('errands:hang', path={str(pid_file)!r})"
    )
    paths = os.pathsep.join([str(warm.SCRIPTS), os.environ["PYTHONPATH"]])
    asker = subprocess.Popen([sys.executable, "-c", code], env=os.environ | {"PYTHONPATH": paths})
    end = time.monotonic() + 30
    while not (pid_file.exists() and pid_file.read_text()):
        assert time.monotonic() < end
        time.sleep(0.02)
    asker.send_signal(signal.SIGKILL)
    asker.wait()
    assert gone(int(pid_file.read_text()))


def test_by_choice_the_job_is_done_here(tasks, monkeypatch):
    monkeypatch.syspath_prepend(str(tasks))
    monkeypatch.setenv("TFSCALE_WARM", "0")
    assert warm.do("errands:where", folder="x")["pid"] == os.getpid()


def test_the_parent_goes_away_with_the_study_and_so_do_its_jobs(study, tmp_path):
    parent = warm.do("errands:where", folder="x")["parent"]
    pid_file = tmp_path / "pid"
    said = []

    def ask():
        try:
            warm.do("errands:hang", path=str(pid_file))
        except StudyError as error:
            said.append(str(error))

    asker = threading.Thread(target=ask)
    asker.start()
    while not (pid_file.exists() and pid_file.read_text()):
        time.sleep(0.02)
    study.kill()
    study.wait()
    asker.join(20)
    assert gone(parent)
    assert gone(int(pid_file.read_text()))
    assert len(said) == 1


def test_a_parent_that_still_imports_goes_away_with_the_study(tmp_path):
    brief = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    address = tmp_path / f"{brief.pid}-x.socket"
    left = tmp_path / f"{os.getpid()}-x.lock"
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    (tmp_path / f"{dead.pid}-x.lock").write_text("")
    left.write_text("")
    parent = subprocess.Popen(
        [sys.executable, "-m", "tfscale.jobs.warm", str(address), str(brief.pid)],
        env=os.environ | {"PYTHONPATH": str(warm.SCRIPTS)},
    )
    end = time.monotonic() + 20
    while not address.exists():
        assert time.monotonic() < end
        time.sleep(0.01)
    brief.kill()
    brief.wait()
    assert parent.wait(3) == 0
    names = {path.name for path in tmp_path.iterdir()}
    assert left.name in names <= {left.name, address.name}
