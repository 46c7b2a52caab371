"""Locks that go with their process: one Snakemake in a folder, one study that is timed."""

import io
import json
import os
import stat
import subprocess
import sys
from contextlib import nullcontext

import pytest
from paths import ROOT
from snakemake.exceptions import WorkflowError

from tfscale import folder_lock, holder
from tfscale.holder import Holder
from tfscale.timing_turn import timing_elsewhere, timing_turn

SCRIPTS = str(ROOT / "workflow" / "scripts")
HOLDS = """
import sys
from tfscale.timing_turn import timing_turn
with timing_turn(sys.stderr):
    print("holds", flush=True)
    sys.stdin.read()
"""
LOCKS = """
import sys
from pathlib import Path
from tfscale.folder_lock import _alone
with _alone(Path(sys.argv[1])):
    print("holds", flush=True)
    sys.stdin.read()
"""


def holding(code: str, *arguments: str) -> subprocess.Popen:
    """Another process that holds a lock until it is killed or its input is closed."""
    process = subprocess.Popen(
        [sys.executable, "-c", code, *arguments], env=os.environ | {"PYTHONPATH": SCRIPTS},
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout.readline() == "holds\n"
    return process


def end(process: subprocess.Popen) -> None:
    process.communicate(timeout=20)


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
        assert holder.read(file.fileno()) is None


def test_a_record_of_somebody_else_steers_no_terminal(tmp_path):
    path = tmp_path / "record"
    record = {"pid": 1, "host": "a", "folder": "\x1b[2Jevil" + "x" * 5000, "since": "now\n"}
    path.write_text(json.dumps(record)[:4000])
    with path.open("rb") as file:
        assert holder.read(file.fileno()) is None  # cut off
    path.write_text(json.dumps(record | {"folder": "\x1b[2Jevil"}))
    with path.open("rb") as file:
        assert holder.read(file.fileno()) == Holder(1, "a", "?[2Jevil", "now?")


@pytest.fixture
def folder(tmp_path):
    """A .snakemake folder in which a lock file of Snakemake's lies."""
    (tmp_path / "locks").mkdir()
    (tmp_path / "locks" / "0.output.lock").write_text("results/report.html\n")
    return tmp_path


def test_a_second_snakemake_is_told_who_is_at_work(folder):
    other = holding_folder(folder)
    with pytest.raises(WorkflowError, match=rf"at work in this folder: pid {other.pid} in .*since"):
        enter(folder)
    assert list((folder / "locks").iterdir())
    end(other)


def holding_folder(folder) -> subprocess.Popen:
    """Another process at work in the folder, whose Snakemake has then written its lock file."""
    for path in (folder / "locks").iterdir():
        path.unlink()
    process = holding(LOCKS, str(folder))
    (folder / "locks" / "0.output.lock").write_text("results/report.html\n")
    return process


def enter(folder) -> None:
    with folder_lock._alone(folder):
        pass


def test_what_a_killed_snakemake_left_is_removed_and_said(folder, capsys):
    other = holding_folder(folder)
    other.kill()
    other.communicate()
    enter(folder)
    assert not list((folder / "locks").iterdir())
    said = capsys.readouterr().err
    assert f"an earlier snakemake (pid {other.pid}, since 20" in said and "was killed" in said


def test_a_dry_run_says_what_will_become_of_it_and_leaves_it(folder, capsys):
    other = holding_folder(folder)
    with folder_lock._looked(folder):
        assert capsys.readouterr().err == ""
    other.kill()
    other.communicate()
    with folder_lock._looked(folder):
        assert "the next run removes its lock" in capsys.readouterr().err
    assert list((folder / "locks").iterdir())


def test_a_lock_of_unknown_origin_is_left_to_snakemake(folder):
    enter(folder)
    assert list((folder / "locks").iterdir())


def test_a_lock_of_another_machine_is_left_and_named(folder, monkeypatch):
    other = holding_folder(folder)
    other.kill()
    other.communicate()
    monkeypatch.setattr(holder.platform, "node", lambda: "elsewhere")
    with pytest.raises(WorkflowError, match=r"locked on .* by pid .*\n.*snakemake --unlock"):
        enter(folder)
    assert list((folder / "locks").iterdir())


def test_a_snakemake_that_failed_was_not_killed(folder):
    for path in (folder / "locks").iterdir():
        path.unlink()
    with pytest.raises(ValueError, match="a job"), folder_lock._alone(folder):
        raise ValueError("a job")
    assert (folder / folder_lock.NAME).read_text() == ""


def test_a_folder_that_cannot_hold_a_lock_has_snakemakes_own(tmp_path):
    enter(tmp_path / "not there")


def test_snakemakes_own_lock_is_taken_inside_once(monkeypatch, tmp_path):
    taken = []

    class Persistence:
        path = tmp_path

        def lock(self):
            taken.append("lock")
            return nullcontext()

        def lock_warn_only(self):
            taken.append("look")
            return nullcontext()

    monkeypatch.setattr(folder_lock, "PersistenceBase", Persistence)
    folder_lock.guard()
    folder_lock.guard()
    with Persistence().lock_warn_only():
        assert not list(tmp_path.iterdir())
    with Persistence().lock():
        assert json.loads((tmp_path / folder_lock.NAME).read_text())["pid"] == os.getpid()
    assert taken == ["look", "lock"]
