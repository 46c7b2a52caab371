"""Downloads onto disks and into folders that do not take them."""

import os
import tempfile
import time
from pathlib import Path

import pytest
from downloading import fetch, official, refused
from hostile_server import CONTENT
from rights import ordinary_user

from tfscale.data import download, sources
from tfscale.data.sources import Payload
from tfscale.errors import StudyError


def test_a_full_disk_ends_the_download_at_once(server, tmp_path, monkeypatch):
    root, url = server
    (root / "f").write_bytes(CONTENT)
    official(monkeypatch, f"{url}/f", str(root / "f"))
    target = tmp_path / "out" / "f"
    target.parent.mkdir()
    (target.parent / f".f.{os.getpid()}.part").symlink_to("/dev/full")
    text = refused(target)
    assert f"{target.parent} cannot be written: No space left on device" in text
    assert "pathvars.resources" in text and "any source" not in text


def test_too_little_room_is_said_before_anything_is_fetched(server, tmp_path, monkeypatch):
    _, url = server
    monkeypatch.setitem(sources.PAYLOADS, "set", {"f": Payload(10**18, "0" * 64)})
    text = refused(tmp_path / "out" / "f", url)
    assert "and f needs 1,000,000,000,000,000,000" in text and url not in text


def test_a_file_in_the_place_of_the_folder_is_named(server, tmp_path):
    (tmp_path / "out").write_text("a file")
    with pytest.raises(StudyError, match=r"out/sub cannot be written: Not a directory"):
        fetch(tmp_path / "out" / "sub" / "f", server[1])


def test_a_folder_in_the_place_of_the_file_is_named(server, tmp_path):
    root, url = server
    (root / "f").write_bytes(CONTENT)
    (tmp_path / "out" / "f").mkdir(parents=True)
    with pytest.raises(StudyError, match=r"out cannot be written: Is a directory"):
        fetch(tmp_path / "out" / "f", url)


def test_a_read_only_folder_is_named(server):
    with tempfile.TemporaryDirectory() as name:
        mirror, shut = Path(name), Path(name) / "shut"
        (mirror / "f").write_bytes(CONTENT)
        shut.mkdir()
        for path, mode in ((mirror, 0o755), (mirror / "f", 0o644), (shut, 0o555)):
            path.chmod(mode)
        with ordinary_user(), pytest.raises(StudyError) as raised:
            fetch(shut / "f", name)
        assert f"{shut} cannot be written: Permission denied" in str(raised.value)


def test_parts_of_killed_downloads_are_cleared_and_those_of_others_kept(
    server, tmp_path, monkeypatch
):
    root, url = server
    (root / "f").write_bytes(CONTENT)
    old, young, other = (tmp_path / name for name in (".f.1.part", ".f.2.part", ".g.1.part"))
    for path in (old, young, other):
        path.write_bytes(b"part")
    long_ago = time.time() - download.STALE_S - 5
    for path in (old, other):
        os.utime(path, (long_ago, long_ago))
    fetch(tmp_path / "f", url)
    assert not old.exists() and young.exists() and other.exists()
