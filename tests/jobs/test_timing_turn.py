"""The lock of timing: one study of a machine at a time, and the lock goes with its process."""

import io
import json
import os
import stat
import subprocess
import sys

import pytest
from holding import SCRIPTS, end, holding

from tfscale.jobs import turn
from tfscale.jobs.turn import Holder, timing_elsewhere, timing_turn

HOLDS = """
import sys
from tfscale.jobs.turn import timing_turn
with timing_turn(sys.stderr):
    print("holds", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A timing lock of the test's own."""
    path = tmp_path / "timing.lock"
    monkeypatch.setenv("TFSCALE_TIMING_LOCK", str(path))
    return path


def test_a_study_waits_for_the_other_and_says_for_whom(place):
    other = holding(HOLDS)
    assert timing_elsewhere().pid == other.pid
    console = io.StringIO()
    waiter = subprocess.Popen(
        [sys.executable, "-c", HOLDS], env=os.environ | {"PYTHONPATH": SCRIPTS},
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    first = waiter.stderr.readline()
    assert f"waiting: another study is being timed on this machine (pid {other.pid} in " in first
    assert waiter.stdout.readline() == first  # the log says it too
    end(other)
    assert "waited" in waiter.stdout.readline()
    assert waiter.stdout.readline() == "holds\n"
    end(waiter)
    with timing_turn(console):
        assert timing_elsewhere().pid == os.getpid()
    assert console.getvalue() == ""
    assert timing_elsewhere() is None


def test_the_lock_is_free_when_its_holder_was_killed(place):
    other = holding(HOLDS)
    other.kill()
    other.wait(20)
    console = io.StringIO()
    with timing_turn(console):
        assert json.loads(place.read_text())["pid"] == os.getpid()
    assert console.getvalue() == "" and place.read_text() == ""
    for pipe in (other.stdin, other.stdout):
        pipe.close()


def test_all_users_may_take_the_timing_lock(place):
    with timing_turn(io.StringIO()):
        assert stat.S_IMODE(place.stat().st_mode) == 0o666


def test_a_deleted_lock_is_made_anew(place):
    with timing_turn(io.StringIO()):
        place.unlink()
    with timing_turn(io.StringIO()):
        assert place.exists()


def test_the_timing_lock_is_never_taken_through_a_link(place, tmp_path):
    (tmp_path / "precious").write_text("precious")
    place.symlink_to(tmp_path / "precious")
    console, entered = io.StringIO(), False
    with timing_turn(console):
        entered = True
    assert entered and "cannot be timed in turn" in console.getvalue()
    assert (tmp_path / "precious").read_text() == "precious"
    assert timing_elsewhere() is None


def test_no_lock_can_be_made_and_the_study_goes_on(place, monkeypatch):
    monkeypatch.setenv("TFSCALE_TIMING_LOCK", str(place / "no" / "folder"))
    console = io.StringIO()
    with timing_turn(console):
        pass
    assert console.getvalue().startswith("warning: studies on this machine cannot be timed in turn")


def test_by_choice_there_is_no_timing_lock(place, monkeypatch):
    monkeypatch.setenv("TFSCALE_TIMING_LOCK", "0")
    with timing_turn(io.StringIO()):
        assert not place.exists() and timing_elsewhere() is None


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"5", b"[" * 4000, b"\xff", b'{"pid": "x", "host": "", "folder": "", "since": ""}'],
    ids=["nothing", "cut off", "a number", "nested", "no text", "no pid"],
)
def test_a_record_that_says_nothing_names_nobody(content, tmp_path):
    path = tmp_path / "record"
    path.write_bytes(content)
    with path.open("rb") as file:
        assert turn.read(file.fileno()) is None


def test_a_record_of_somebody_else_steers_no_terminal(tmp_path):
    path = tmp_path / "record"
    record = {"pid": 1, "host": "a", "folder": "\x1b[2Jevil" + "x" * 5000, "since": "now\n"}
    path.write_text(json.dumps(record)[:4000])
    with path.open("rb") as file:
        assert turn.read(file.fileno()) is None  # cut off
    path.write_text(json.dumps(record | {"folder": "\x1b[2Jevil"}))
    with path.open("rb") as file:
        assert turn.read(file.fileno()) == Holder(1, "a", "?[2Jevil", "now?")
