"""Downloads of archives and packed files that mean harm."""

import gzip
import tarfile
from pathlib import Path

import pytest
from downloading import fetch, official, refused
from hostile_server import CONTENT, archive

from tfscale.data import download


def test_a_bomb_is_cut_off(server, tmp_path):
    root, url = server
    (root / "f.gz").write_bytes(gzip.compress(bytes(50_000_000)))
    assert "longer than the expected" in refused(tmp_path / "out" / "f", url)


LINKS = [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE]


@pytest.mark.parametrize("name", ["../../f", "/f", "/tmp/tfscale-escaped/f", "a/../../../f"])
def test_archive_paths_and_links_are_never_used(server, tmp_path, monkeypatch, name):
    root, url = server
    members = [*(("f", b"", kind) for kind in LINKS), (name, CONTENT, tarfile.REGTYPE)]
    (root / "a.tar.gz").write_bytes(archive(*members))
    official(monkeypatch, f"{url}/a.tar.gz")
    fetch(tmp_path / "deep" / "er" / "f")
    assert (tmp_path / "deep" / "er" / "f").read_bytes() == CONTENT
    assert sorted(path.name for path in tmp_path.rglob("*")) == [
        "a.tar.gz",
        "deep",
        "er",
        "f",
        "www",
    ]
    assert not Path("/tmp/tfscale-escaped").exists() and not Path("/f").exists()


def test_an_archive_is_looked_through_to_a_limit(server, tmp_path, monkeypatch):
    root, url = server
    monkeypatch.setattr(download, "ARCHIVE_BYTES", 1 << 20)
    bomb = ("bomb", bytes(3 << 20), tarfile.REGTYPE)
    (root / "a.tar.gz").write_bytes(archive(bomb, ("f", CONTENT, tarfile.REGTYPE)))
    official(monkeypatch, f"{url}/a.tar.gz")
    assert "sends more than 1,048,576 bytes" in refused(tmp_path / "out" / "f")
    links = [("f", b"", kind) for kind in LINKS]
    (root / "a.tar.gz").write_bytes(archive(*links, ("g", CONTENT, tarfile.REGTYPE)))
    assert "the archive does not hold f" in refused(tmp_path / "out" / "f")
    (root / "a.tar.gz").write_bytes(gzip.compress(b"no archive at all" * 100))
    assert "a.tar.gz: " in refused(tmp_path / "out" / "f")
