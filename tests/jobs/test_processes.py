"""Fresh processes: the same answers forked and executed, nobody left behind, and ends in words."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from paths import ROOT
from warm_parent import sleeping

from tfscale.errors import StudyError
from tfscale.jobs import log, processes, warm
from tfscale.jobs.processes import Ending, fresh

SUPPORT = str(ROOT / "tests" / "support")
both = pytest.mark.parametrize("isolation", ["fork", "exec"])
forks = pytest.mark.skipif(
    not hasattr(os, "pidfd_open"), reason="this system has no pidfd: every task is executed"
)


def gone(pid: int) -> bool:
    with suppress(psutil.NoSuchProcess, psutil.TimeoutExpired):
        psutil.Process(pid).wait(60)
    with suppress(psutil.NoSuchProcess):
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    return True


def written(path: Path) -> int:
    """The process number that a task writes to a file."""
    end = time.monotonic() + 60
    while not (path.exists() and path.read_text()):
        assert time.monotonic() < end
        time.sleep(0.02)
    return int(path.read_text())


def failure(task: str, isolation: str, limit_s: float = 120, **arguments: object) -> str:
    with pytest.raises(StudyError) as raised:
        fresh(f"errands:{task}", arguments, limit_s, isolation)
    return str(raised.value)


@both
def test_a_task_is_done_in_another_process_as_if_it_were_started_here(
    snakemake, isolation, monkeypatch, tmp_path
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TFSCALE_COLOUR", "blue")
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    found = [fresh("errands:where", {}, isolation=isolation) for _ in range(2)]
    assert len({os.getpid(), *(each["pid"] for each in found)}) == 3
    for each in found:
        assert (each["folder"], each["colour"]) == (str(tmp_path), "blue")
        assert each["backend"] == "tensorflow", "a study has one backend, whatever is set"
        assert each["tensorflow"] is (isolation == "fork")
        assert each["threads"] == 1
    parents = {each["parent"] for each in found}
    assert len(parents) == 1 and (os.getpid() in parents) is (isolation == "exec")


@both
def test_a_large_answer_arrives_and_what_is_printed_too(snakemake, isolation, capfd):
    assert fresh("errands:count", {"to": 100_000}, isolation=isolation) == list(range(100_000))
    assert capfd.readouterr().out == "counting … in UTF-8\n"


@forks
def test_an_edit_of_a_module_is_in_the_next_task(snakemake):
    fresh("errands:where", {})
    for answer in ("1", "22"):
        (snakemake / "edited.py").write_text(f"def value():\n    return {answer}\n")
        assert fresh("edited:value", {}) == int(answer)


@both
def test_an_error_is_one_line_and_its_traceback_in_the_log(snakemake, isolation, capfd):
    assert failure("fail", isolation) == "ValueError: no such signature"
    assert "and a second line" in capfd.readouterr().err


@both
def test_how_a_process_died_is_said(snakemake, isolation):
    said = failure("hog", isolation)
    assert "was killed by SIGKILL after" in said and "out of memory?" in said
    assert float(re.findall(r"peak memory (\d+) MB", said)[0]) >= 300
    assert "MemoryError: cannot allocate memory; peak" in failure("starve", isolation)
    for task, words in {
        "stop": "was stopped by SIGTERM after",
        "crash": "was killed by SIGSEGV after",
        "leave": "ended with status 3 and without an answer",
        "fill_the_disk": "could not write (File too large) after",
        "no_space": "No space left on device: free space in the study's folder and under",
    }.items():
        said = failure(task, isolation)
        assert words in said and "out of memory" not in said


@both
def test_what_a_task_leaves_in_its_temporary_folder_is_gone_with_it(snakemake, isolation):
    left = Path(fresh("errands:litter", {}, isolation=isolation))
    assert left.parent.name.startswith("tfscale-") and not left.parent.exists()


def test_what_nohup_ignores_a_task_ignores_too(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", SUPPORT)
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        assert fresh("errands:hang_up", {}, isolation="exec") == "still there"
        signal.signal(signal.SIGHUP, signal.SIG_DFL)  # these tests may run under nohup themselves
        assert "was stopped by SIGHUP" in failure("hang_up", "exec")
    finally:
        signal.signal(signal.SIGHUP, before)


@both
def test_a_hanging_process_is_ended(snakemake, isolation, tmp_path):
    said = failure("stubborn", isolation, 10.0, pid_file=str(tmp_path / "pid"))
    assert said.startswith("took longer than 10 s (timing.time_limit_s); peak memory")
    assert gone(written(tmp_path / "pid"))


ASKS = """
import signal, sys
from tfscale.jobs.log import _leave
from tfscale.jobs.processes import fresh
signal.signal(signal.SIGTERM, _leave)
fresh("errands:stubborn", {"pid_file": sys.argv[1]}, isolation=sys.argv[2])
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a child with its parent")
@both
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_task_ends_with_its_job(snakemake, isolation, number, tmp_path):
    paths = os.pathsep.join([str(warm.SCRIPTS), SUPPORT])
    (tmp_path / "tmp").mkdir()
    own = {"TMPDIR": str(tmp_path / "tmp")} if isolation == "exec" else {}  # the parent's is shared
    asker = subprocess.Popen(
        [sys.executable, "-c", ASKS, str(tmp_path / "pid"), isolation],
        env=os.environ | {"PYTHONPATH": paths} | own,
    )
    pid = written(tmp_path / "pid")
    asker.send_signal(number)
    asker.wait()
    assert gone(pid)
    if number == signal.SIGTERM:
        assert not list((tmp_path / "tmp").glob("tfscale-*/request.json"))


@forks
def test_the_parent_goes_away_with_snakemake_and_so_do_its_tasks(monkeypatch, tmp_path):
    snake, said = sleeping(), []
    monkeypatch.setenv(log.SNAKEMAKE, f"{log._namespace()} {snake.pid}")
    monkeypatch.setenv("PYTHONPATH", SUPPORT)
    parent = fresh("errands:where", {})["parent"]

    def ask():
        try:
            fresh("errands:stubborn", {"pid_file": str(tmp_path / "pid")})
        except StudyError as error:
            said.append(str(error))

    asker = threading.Thread(target=ask)
    asker.start()
    task = written(tmp_path / "pid")
    snake.kill()
    snake.wait()
    asker.join(60)
    assert gone(parent) and gone(task) and len(said) == 1


@forks
def test_a_parent_that_still_imports_goes_away_and_removes_what_others_left(tmp_path):
    brief, dead = sleeping(), subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    address = tmp_path / f"{brief.pid}-x.socket"
    (tmp_path / f"{dead.pid}-x.lock").write_text("")
    (tmp_path / f"{os.getpid()}-x.lock").write_text("")
    parent = subprocess.Popen(
        [sys.executable, "-m", "tfscale.jobs.warm", str(address), str(brief.pid)],
        env=os.environ | {"PYTHONPATH": str(warm.SCRIPTS)},
    )
    end = time.monotonic() + 60
    while not address.exists():
        assert time.monotonic() < end
        time.sleep(0.01)
    brief.kill()
    brief.wait()
    assert parent.wait(60) == 0
    left = {path.name for path in tmp_path.iterdir()} - {address.name}
    assert left == {f"{os.getpid()}-x.lock"}


@forks
def test_a_library_that_cannot_be_imported_is_named(monkeypatch, tmp_path):
    (tmp_path / "tensorflow.py").write_text("raise ImportError('no libxla here')\n")
    snake = sleeping()
    monkeypatch.setenv(log.SNAKEMAKE, f"{log._namespace()} {snake.pid}")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(StudyError, match="for all jobs ended: ImportError: no libxla here"):
        fresh("errands:where", {})
    snake.kill()
    snake.wait()


def test_without_a_snakemake_or_by_choice_every_task_is_executed(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", SUPPORT)
    monkeypatch.delenv(log.SNAKEMAKE, raising=False)
    assert fresh("errands:where", {})["parent"] == os.getpid()
    monkeypatch.setenv(log.SNAKEMAKE, f"{log._namespace()} {os.getpid()}")
    monkeypatch.setenv("TFSCALE_WARM", "0")
    assert fresh("errands:where", {})["parent"] == os.getpid()
    monkeypatch.setenv("TFSCALE_WARM", "1")
    monkeypatch.setattr(processes, "must_execute", lambda: True)
    assert fresh("errands:where", {})["parent"] == os.getpid()


def test_the_kernels_own_word_and_the_limit_are_told():
    ending = Ending(-9, 2.5, 1_900_000_000, 2_000_000_000, 40_000_000, kernel_killed=True)
    assert ending.died().startswith(
        "was killed by SIGKILL after 2.5 s; peak memory 1900 MB, limit 2000 MB, 40 MB available "
        "then: the kernel ended a process for want of memory; out of memory?"
    )
    assert "SIGXCPU after 1.0 s; peak memory unknown, no limit, 0 MB available then: its CPU" in (
        Ending(-signal.SIGXCPU, 1.0, 0, None, 1, kernel_killed=False).died()
    )
    full = "ResourceExhaustedError: /a/b; No space left on device"
    assert "memory" not in Ending(1, 1.0, 0, None, 1, kernel_killed=False).failed(full)
    assert "signal 63" in Ending(-63, 1.0, 0, None, 1, kernel_killed=False).died()
