"""The lock of a folder: one Snakemake at a time, and the lock goes with its process."""

import json
import os
import subprocess
from contextlib import nullcontext

import pytest
from holding import end, holding
from snakemake.exceptions import WorkflowError

from tfscale.console import lock
from tfscale.jobs import turn

LOCKS = """
import sys
from pathlib import Path
from tfscale.console.lock import _alone
with _alone(Path(sys.argv[1])):
    print("holds", flush=True)
    sys.stdin.read()
"""


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
    with lock._alone(folder):
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
    with lock._looked(folder):
        assert capsys.readouterr().err == ""
    other.kill()
    other.communicate()
    with lock._looked(folder):
        assert "the next run removes its lock" in capsys.readouterr().err
    assert list((folder / "locks").iterdir())


def test_a_lock_of_unknown_origin_is_left_to_snakemake(folder):
    enter(folder)
    assert list((folder / "locks").iterdir())


def test_a_lock_of_another_machine_is_left_and_named(folder, monkeypatch):
    other = holding_folder(folder)
    other.kill()
    other.communicate()
    monkeypatch.setattr(turn.platform, "node", lambda: "elsewhere")
    with pytest.raises(WorkflowError, match=r"locked on .* by pid .*\n.*snakemake --unlock"):
        enter(folder)
    assert list((folder / "locks").iterdir())


def test_a_snakemake_that_failed_was_not_killed(folder):
    for path in (folder / "locks").iterdir():
        path.unlink()
    with pytest.raises(ValueError, match="a job"), lock._alone(folder):
        raise ValueError("a job")
    assert (folder / lock.NAME).read_text() == ""


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

    monkeypatch.setattr(lock, "PersistenceBase", Persistence)
    lock.guard()
    lock.guard()
    with Persistence().lock_warn_only():
        assert not list(tmp_path.iterdir())
    with Persistence().lock():
        assert json.loads((tmp_path / lock.NAME).read_text())["pid"] == os.getpid()
    assert taken == ["look", "lock"]
