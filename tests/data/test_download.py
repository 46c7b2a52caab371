"""Downloads from a real server on loopback: mirrors, archives and bad sources."""

import gzip
import hashlib
import io
import os
import tarfile
from pathlib import Path

import pytest
from file_server import CONTENT, serving

from tfscale.data import download, sources
from tfscale.data.sources import Payload
from tfscale.errors import StudyError

LINKS = [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE]
WAYS_OUT = ("TFSCALE_MIRROR", "datasets.mirror", "dataset-fashion-mnist", "builtin")


@pytest.fixture
def server(tmp_path, monkeypatch):
    """A folder served on loopback; the only data set is one file f, without official sources."""
    payload = Payload(len(CONTENT), hashlib.sha256(CONTENT).hexdigest())
    monkeypatch.setitem(sources.PAYLOADS, "set", {"f": payload})
    monkeypatch.setitem(sources.OFFICIAL, "set", [])
    monkeypatch.setattr(download, "RETRIES", 0)
    monkeypatch.setattr(download, "TIMEOUT_S", 5)
    with serving(tmp_path / "www") as url:
        yield tmp_path / "www", url


def fetch(monkeypatch, target: Path, *official: str, mirror: str = "") -> str:
    """Fetch f from a mirror and these official addresses; returns the address that it came from."""
    monkeypatch.setenv("TFSCALE_MIRROR", mirror)
    monkeypatch.setitem(sources.OFFICIAL, "set", list(official))
    return download.fetch("set", "f", str(target)).removeprefix("f: checksum right, from ")


def refused(monkeypatch, folder: Path, *official: str, mirror: str = "") -> str:
    """The message of a download that fails, as it must, and leaves nothing behind."""
    with pytest.raises(StudyError) as raised:
        fetch(monkeypatch, folder / "out" / "f", *official, mirror=mirror)
    assert not (folder / "out").exists()
    assert all(way in str(raised.value) for way in WAYS_OUT)
    return str(raised.value)


def archive(*members: tuple[str, bytes, bytes]) -> bytes:
    """A .tar.gz of (name, content, kind); links lead to /etc/passwd."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, content, kind in members:
            info = tarfile.TarInfo(name)
            info.type, info.size, info.linkname = kind, len(content), "/etc/passwd"
            tar.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def test_a_mirror_is_a_server_or_a_folder_and_is_asked_first(server, tmp_path, monkeypatch):
    root, url = server
    (root / "f").write_bytes(CONTENT)
    official = f"{url}/f"
    assert fetch(monkeypatch, tmp_path / "a", official) == official
    (root / "set").mkdir()
    (root / "set" / "f.gz").write_bytes(gzip.compress(CONTENT))
    for number, mirror in enumerate((url, str(root), f"file://{root}")):
        came_from = fetch(monkeypatch, tmp_path / str(number), official, mirror=mirror)
        assert came_from == f"{mirror}/set/f.gz"
        assert (tmp_path / str(number)).read_bytes() == CONTENT


def test_a_mirror_with_blanks_quotes_and_other_letters_is_read(server, tmp_path, monkeypatch):
    mirror = tmp_path / "mirror ü 'a' \"b\""
    mirror.mkdir()
    (mirror / "f").write_bytes(CONTENT)
    fetch(monkeypatch, tmp_path / "out ü 'a'" / "f", mirror=str(mirror))


@pytest.mark.parametrize(
    ("name", "body", "reason"),
    [
        ("f", CONTENT[:-1] + b"X", "wrong checksum"),
        ("f", CONTENT[:100], "100 of 900 bytes"),
        ("f", CONTENT * 2, "more than 900 of 900 bytes"),
        ("f.gz", gzip.compress(bytes(50_000_000)), "more than 900 of 900 bytes"),
        ("f.gz", b"<title>Sign in to this network</title>", "Not a gzipped file"),
    ],
)
def test_another_file_is_refused_and_the_next_source_is_asked(
    server, tmp_path, monkeypatch, name, body, reason
):
    root, url = server
    (root / name).write_bytes(body)
    (root / "good.gz").write_bytes(gzip.compress(CONTENT))
    assert f"{url}/{name}: {reason}" in refused(monkeypatch, tmp_path, mirror=url)
    good = f"{url}/good.gz"
    assert fetch(monkeypatch, tmp_path / "f", good, mirror=url) == good
    assert (tmp_path / "f").read_bytes() == CONTENT


def test_each_source_that_fails_is_named_with_its_reason(server, tmp_path, monkeypatch):
    _, url = server
    reasons = {
        f"{url}/absent": "HTTP 404",
        f"{url}/truncated/f.gz": "breaks off",
        f"{url}/mute/f": "no answer (ReadTimeout)",
        f"{url}/elsewhere/f": "no answer (InvalidSchema)",
        f"{url}/zeros/f": "more than 900 of 900 bytes",
        "http://127.0.0.1:9/f": "no answer (ConnectionError)",
        "http://[::1": "",
        "/no/such/f": "no such file",
    }
    text = refused(monkeypatch, tmp_path, *reasons)
    for address, reason in reasons.items():
        assert f"  {address}: {reason}" in text


def test_a_pipe_or_a_device_in_a_mirror_does_not_hang(server, tmp_path, monkeypatch):
    os.mkfifo(tmp_path / "f")
    (tmp_path / "f.gz").symlink_to("/dev/zero")
    refused(monkeypatch, tmp_path, mirror=str(tmp_path))


def test_a_password_in_an_address_is_not_shown(server, tmp_path, monkeypatch):
    _, url = server
    mirror = url.replace("//", "//me:secret@")
    text = refused(monkeypatch, tmp_path, mirror.replace("127", "0.0.0.0.1"), mirror=mirror)
    assert "secret" not in text and f"{url}/f: HTTP 404" in text


@pytest.mark.parametrize("name", ["f", "../../f"])
def test_one_member_of_an_archive_is_read_and_none_unpacked(server, tmp_path, monkeypatch, name):
    root, url = server
    members = [*(("f", b"", kind) for kind in LINKS), (name, CONTENT, tarfile.REGTYPE)]
    (root / sources.ARCHIVE).write_bytes(archive(*members))
    fetch(monkeypatch, tmp_path / "deep" / "er" / "f", f"{url}/{sources.ARCHIVE}")
    assert (tmp_path / "deep" / "er" / "f").read_bytes() == CONTENT
    names = sorted(path.name for path in tmp_path.rglob("*"))
    assert names == sorted([sources.ARCHIVE, "deep", "er", "f", "www"])


@pytest.mark.parametrize("body", [archive(("g", CONTENT, tarfile.REGTYPE)), b"no archive" * 100])
def test_an_archive_without_the_file_is_passed_over(server, tmp_path, monkeypatch, body):
    root, url = server
    (root / sources.ARCHIVE).write_bytes(body)
    assert f"{sources.ARCHIVE}: " in refused(monkeypatch, tmp_path, f"{url}/{sources.ARCHIVE}")
