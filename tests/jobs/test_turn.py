"""The lock of timing: one study of a machine at a time, and the lock goes with its process."""

import os
import stat
import subprocess
import sys

import pytest
from paths import ROOT

from tfscale.jobs.turn import timing_elsewhere, timing_turn

HOLDS = """
import sys
from tfscale.jobs.turn import timing_turn
with timing_turn():
    print("holds", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A timing lock of the test's own."""
    path = tmp_path / "timing.lock"
    monkeypatch.setenv("TFSCALE_TIMING_LOCK", str(path))
    return path


def holder() -> subprocess.Popen:
    """A process that holds the lock until it is killed or its input is closed."""
    scripts = str(ROOT / "workflow" / "scripts")
    return subprocess.Popen(
        [sys.executable, "-u", "-c", HOLDS],
        env=os.environ | {"PYTHONPATH": scripts},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_a_study_waits_for_the_other_and_says_for_whom(place):
    with holder() as other:
        assert other.stdout.readline() == "holds\n"
        assert timing_elsewhere().startswith(f"pid {other.pid} in ")
        with holder() as waiter:
            first = waiter.stdout.readline()
            assert "waiting: another study is being timed on this machine" in first
            assert f"(pid {other.pid} in " in first
            other.stdin.close()
            assert "waited" in waiter.stdout.readline()
            assert waiter.stdout.readline() == "holds\n"
            waiter.stdin.close()
    with timing_turn():
        assert timing_elsewhere().startswith(f"pid {os.getpid()} in ")
    assert timing_elsewhere() is None


def test_the_lock_is_free_when_its_holder_was_killed(place, capsys):
    with holder() as other:
        assert other.stdout.readline() == "holds\n"
        other.kill()
        other.wait(60)
    with timing_turn():
        assert capsys.readouterr().out == ""


def test_all_users_may_take_the_timing_lock(place):
    with timing_turn():
        assert stat.S_IMODE(place.stat().st_mode) == 0o666


def test_the_timing_lock_is_never_taken_through_a_link(place, tmp_path, capsys):
    (tmp_path / "precious").write_text("precious")
    place.symlink_to(tmp_path / "precious")
    with timing_turn():
        assert "cannot be timed in turn" in capsys.readouterr().out
    assert (tmp_path / "precious").read_text() == "precious"
    assert timing_elsewhere() is None


def test_no_lock_can_be_made_and_the_study_goes_on(place, monkeypatch, capsys):
    monkeypatch.setenv("TFSCALE_TIMING_LOCK", str(place / "no" / "folder"))
    with timing_turn():
        assert "studies on this machine cannot be timed in turn" in capsys.readouterr().out


def test_by_choice_there_is_no_timing_lock(place, monkeypatch):
    monkeypatch.setenv("TFSCALE_TIMING_LOCK", "0")
    with timing_turn():
        assert not place.exists() and timing_elsewhere() is None


def test_what_somebody_else_wrote_steers_no_terminal(place):
    with holder() as other:
        assert other.stdout.readline() == "holds\n"
        place.write_text("\x1b[2Jevil\n" + "x" * 5000)
        said = timing_elsewhere()
        assert said.startswith("?[2Jevil?") and len(said) <= 300
        place.write_text("")
        assert timing_elsewhere() == "it does not say which"
        other.stdin.close()
