"""No visit outlives its parent, and a visit that ends badly says what happened."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from tfscale.errors import StudyError
from tfscale.jobs.processes import Ending, run_forked

HERE = Path(__file__).parents[1] / "support"
VARIANTS = ("fork", "exec")
GONE_S = 2.0
both = pytest.mark.parametrize("variant", VARIANTS)


def started(folder: Path, variant: str, task: str, limit_s: float = 30) -> subprocess.Popen:
    command = [sys.executable, str(HERE / "lightly.py"), variant, task, str(limit_s)]
    return subprocess.Popen(
        [*command, str(folder / "pid")],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env=os.environ | {"PYTHONPATH": str(HERE), "TMPDIR": str(folder)},
    )  # fmt: skip


def said(folder: Path, variant: str, task: str, limit_s: float = 30) -> tuple[str, str]:
    """The line that the parent prints, and its log."""
    output, log = started(folder, variant, task, limit_s).communicate(timeout=60)
    line, cleaned = output.splitlines()
    assert cleaned == "cleaned"
    return line, log


def pid_of_visit(folder: Path) -> int:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        path = folder / "pid"
        if path.exists() and path.read_text():
            time.sleep(0.1)
            return int(path.read_text())
        time.sleep(0.02)
    raise AssertionError("no visit was started")


def is_gone(pid: int) -> bool:
    deadline = time.monotonic() + GONE_S
    while time.monotonic() < deadline:
        try:
            if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.02)
    return False


def megabytes(line: str) -> float:
    (found,) = re.findall(r"peak memory (\d+) MB", line)
    return float(found)


@both
@pytest.mark.parametrize("task", ["hang", "stubborn"])
@pytest.mark.parametrize(
    ("number", "statuses"),
    [(signal.SIGINT, (-2, 130)), (signal.SIGTERM, (143,)), (signal.SIGHUP, (129,))],
)
def test_a_signal_to_the_parent_ends_its_visit_and_runs_its_clean_up(
    tmp_path, variant, task, number, statuses
):
    parent = started(tmp_path, variant, task)
    visit = pid_of_visit(tmp_path)
    parent.send_signal(number)
    output, _ = parent.communicate(timeout=20)
    assert is_gone(visit)
    assert parent.returncode in statuses
    assert output == "cleaned\n"
    assert [path.name for path in tmp_path.iterdir()] == ["pid"]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a child with its parent")
@both
@pytest.mark.parametrize("task", ["hang", "stubborn"])
def test_a_visit_ends_with_a_parent_that_was_killed(tmp_path, variant, task):
    parent = started(tmp_path, variant, task)
    visit = pid_of_visit(tmp_path)
    parent.kill()
    parent.wait(20)
    assert is_gone(visit)


@both
def test_a_large_answer_arrives(tmp_path, variant):
    assert said(tmp_path, variant, "answer")[0] == "100000 durations"


def test_an_answer_does_not_wait_for_what_the_visit_started(tmp_path):
    start = time.monotonic()
    parent = started(tmp_path, "fork", "start_another")
    assert parent.stdout.readline() == "100000 durations\n"
    assert time.monotonic() - start < 12
    assert parent.wait(30) == 0
    for pipe in (parent.stdout, parent.stderr):
        pipe.close()


def test_no_answer_is_lost_when_the_parent_looks_meanwhile(monkeypatch):
    monkeypatch.setattr("tfscale.jobs.processes.TASKS", Path("/nowhere"))
    monkeypatch.setattr("tfscale.jobs.processes.LOOK_S", 0.0005)
    for number in range(200):
        assert run_forked(dict, {"number": number}, 30) == {"number": number}


@both
def test_an_error_is_one_line_and_its_traceback_in_the_log(tmp_path, variant):
    line, log = said(tmp_path, variant, "fail")
    assert line == "mlp_w8: a visit failed with status 1: ValueError: no such signature"
    assert "Traceback" in log
    assert "and a second line" in log


@both
def test_a_hanging_visit_is_ended(tmp_path, variant):
    line, _ = said(tmp_path, variant, "stubborn", 3)
    assert line.startswith("mlp_w8: a visit took longer than 3 s (timing.time_limit_s); peak")
    assert "raise timing.time_limit_s" in line
    assert megabytes(line) > 1
    assert is_gone(pid_of_visit(tmp_path))


@both
def test_a_killed_visit_names_the_signal_and_its_memory(tmp_path, variant):
    line, _ = said(tmp_path, variant, "hog")
    assert "was killed by SIGKILL after" in line
    assert 300 <= megabytes(line) < 600
    assert "MB available then: out of memory?" in line


@both
def test_an_allocation_that_fails_speaks_of_memory(tmp_path, variant):
    line, _ = said(tmp_path, variant, "starve")
    assert "MemoryError: cannot allocate memory; peak memory" in line
    assert "out of memory?" in line


@both
@pytest.mark.parametrize(
    ("task", "words"),
    [
        ("stop", "was stopped by SIGTERM after"),
        ("crash", "was killed by SIGSEGV after"),
        ("leave", "ended with status 3 and without an answer"),
    ],
)
def test_an_end_that_is_not_about_memory_does_not_say_so(tmp_path, variant, task, words):
    line, _ = said(tmp_path, variant, task)
    assert words in line
    assert "out of memory" not in line


def test_without_a_name_and_with_the_callers_own_signals(monkeypatch):
    monkeypatch.setattr("tfscale.jobs.processes.TASKS", Path("/nowhere"))
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(StudyError, match=r"^a visit failed with status 1: KeyError: 'size'"):
        run_forked(lambda request: request["size"], {}, 30)
    assert run_forked(lambda request: {"twice": 2 * request["size"]}, {"size": 4}, 30) == {
        "twice": 8
    }
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_machine_that_cannot_fork_says_so(monkeypatch):
    def refuse():
        raise OSError(12, "Cannot allocate memory")

    monkeypatch.setattr("tfscale.jobs.processes.TASKS", Path("/nowhere"))
    monkeypatch.setattr(os, "fork", refuse)
    with pytest.raises(StudyError, match="mlp: a visit could not be started: Cannot allocate mem"):
        run_forked(dict, {}, 30, name="mlp")


def test_the_kernels_own_word_and_the_limit_are_told():
    ending = Ending(-9, 2.5, 1_900_000_000, 2_000_000_000, 40_000_000, kernel_killed=True)
    assert ending.died().startswith(
        "was killed by SIGKILL after 2.5 s; peak memory 1900 MB, limit 2000 MB, 40 MB available "
        "then: the kernel ended a process for want of memory; out of memory?"
    )
    assert "signal 63" in Ending(-63, 1.0, 0, None, 1, kernel_killed=False).died()
