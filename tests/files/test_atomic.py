"""Outputs are whole or not there, and a full disk hides no message."""

import os
import subprocess
import sys

import pytest
from paths import ROOT

from tfscale.files import whole
from tfscale.files.whole import flush, replacing, write_text

SCRIPTS = str(ROOT / "workflow" / "scripts")


def gone_pid() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_what_a_killed_process_left_is_removed_and_what_a_living_one_writes_is_not(tmp_path):
    left = tmp_path / f".table[1].csv.{gone_pid()}.part"
    theirs = tmp_path / f".table[1].csv.{os.getppid()}.part"
    other = tmp_path / f".table1.csv.{gone_pid()}.part"
    for path in (left, theirs, other):
        path.write_text("half")
    write_text(tmp_path / "table[1].csv", "whole")
    assert {path.name for path in tmp_path.iterdir()} == {theirs.name, other.name, "table[1].csv"}
    assert (tmp_path / "table[1].csv").read_text() == "whole"


def test_a_file_is_on_the_disk_before_it_has_its_name(tmp_path, monkeypatch):
    flushed = []
    monkeypatch.setattr(os, "fsync", lambda number: flushed.append(list(tmp_path.iterdir())))
    write_text(tmp_path / "facts.json", "{}")
    ((before,),) = flushed
    assert before.name.endswith(".part")


def test_a_disk_that_refuses_leaves_what_was_there(tmp_path, monkeypatch):
    write_text(tmp_path / "facts.json", "old")

    def refuse(number):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(OSError, match="No space"), replacing(tmp_path / "facts.json") as path:
        path.write_text("new")
    assert [path.name for path in tmp_path.iterdir()] == ["facts.json"]
    assert (tmp_path / "facts.json").read_text() == "old"


def test_a_file_system_without_flushing_is_no_error(tmp_path, monkeypatch):
    def has_none(number):
        raise OSError(22, "Invalid argument")

    monkeypatch.setattr(os, "fsync", has_none)
    write_text(tmp_path / "facts.json", "{}")
    assert (tmp_path / "facts.json").exists()


def test_a_folder_is_flushed_with_all_that_is_in_it(tmp_path, monkeypatch):
    (tmp_path / "variables").mkdir()
    for name in ("saved_model.pb", "variables/variables.index"):
        (tmp_path / name).write_text("x")
    flushed = []
    monkeypatch.setattr(os, "fsync", flushed.append)
    flush(tmp_path)
    assert len(flushed) == 2


def test_a_writer_of_an_impossible_number_is_left_alone(tmp_path):
    path = tmp_path / f".a.csv.{10**30}.part"
    path.write_text("half")
    write_text(tmp_path / "a.csv", "whole")
    assert path.exists()
    assert not whole._runs(gone_pid())


FULL = """
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
from tfscale.errors import StudyError
from tfscale.jobs.log import logged
with logged(sys.argv[1]):
    raise StudyError("no room for the table")
"""


def run(code: str, *arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        env=os.environ | {"PYTHONPATH": SCRIPTS},
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_a_full_disk_hides_no_message(tmp_path):
    log = tmp_path / "a.log"
    done = run(FULL, str(log))
    assert done.returncode != 0
    assert log.read_text() == ""
    assert done.stderr.startswith(f"no room for the table\n(log: {log})")


def test_a_log_that_cannot_be_made_is_said(tmp_path):
    code = "import sys\nfrom tfscale.jobs.log import logged\nwith logged(sys.argv[1]): pass"
    done = run(code, str(tmp_path))
    assert done.returncode == 1
    assert f"Is a directory: '{tmp_path}'" in done.stderr
