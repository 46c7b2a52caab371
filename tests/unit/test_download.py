"""Downloads from a real server on loopback: mirrors, wrong content, and the ways out."""

import gzip
import hashlib
import http.server
import io
import tarfile
import threading
from functools import partial

import pytest

from tfscale import download as module
from tfscale import sources
from tfscale.download import download
from tfscale.errors import StudyError
from tfscale.sources import Payload

CONTENT = b"two lines\nof text\n" * 50
PAYLOAD = Payload(len(CONTENT), hashlib.sha256(CONTENT).hexdigest())


class Server(http.server.SimpleHTTPRequestHandler):
    def do_GET(self):
        if self.path.endswith("truncated/f.gz"):
            body = gzip.compress(CONTENT)
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[: len(body) // 2])
            return
        super().do_GET()

    def log_message(self, *args):
        pass


@pytest.fixture
def server(tmp_path, monkeypatch):
    """A folder served on loopback; the only data set is one file f, without official sources."""
    monkeypatch.setitem(sources.PAYLOADS, "set", {"f": PAYLOAD})
    monkeypatch.setitem(sources.OFFICIAL, "set", [])
    monkeypatch.setattr(module, "RETRIES", 0)
    root = tmp_path / "www"
    root.mkdir()
    httpd = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Server, directory=str(root)))
    threading.Thread(target=httpd.serve_forever, daemon=True).start()
    yield root, f"http://127.0.0.1:{httpd.server_port}"
    httpd.shutdown()


def fetch(target, mirror) -> str:
    return download("set", "f", target, mirror, io.StringIO())


def official(monkeypatch, *addresses) -> None:
    monkeypatch.setitem(sources.OFFICIAL, "set", list(addresses))


def test_plain_and_gzipped_mirrors_over_http_and_as_folder(server, tmp_path):
    root, url = server
    (root / "f").write_bytes(CONTENT)
    assert fetch(tmp_path / "a", url) == f"{url}/f"
    (root / "f").unlink()
    (root / "set").mkdir()
    (root / "set" / "f.gz").write_bytes(gzip.compress(CONTENT))
    assert fetch(tmp_path / "b", url) == f"{url}/set/f.gz"
    assert fetch(tmp_path / "c", str(root)) == str(root / "set" / "f.gz")
    assert fetch(tmp_path / "d", f"file://{root}") == f"file://{root}/set/f.gz"
    for name in "abcd":
        assert (tmp_path / name).read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (CONTENT[:-1] + b"X", "wrong checksum"),
        (CONTENT[:100], "ends after 100 of"),
        (CONTENT * 2, "longer than the expected"),
        (b"<html>Welcome</html>", "ends after 20 of"),
    ],
)
def test_wrong_content_is_refused_and_leaves_nothing(server, tmp_path, body, reason):
    root, url = server
    (root / "f").write_bytes(body)
    target = tmp_path / "out" / "f"
    with pytest.raises(StudyError, match=reason):
        fetch(target, url)
    assert list(target.parent.iterdir()) == []


def test_truncated_body_and_404_are_passed_over(server, tmp_path, monkeypatch):
    root, url = server
    (root / "good").mkdir()
    (root / "good" / "f.gz").write_bytes(gzip.compress(CONTENT))
    official(monkeypatch, f"{url}/truncated/f.gz", f"{url}/absent/f.gz", f"{url}/good/f.gz")
    assert fetch(tmp_path / "f", None) == f"{url}/good/f.gz"


def test_a_bomb_is_cut_off(server, tmp_path):
    root, url = server
    (root / "f.gz").write_bytes(gzip.compress(bytes(50_000_000)))
    with pytest.raises(StudyError, match="longer than the expected"):
        fetch(tmp_path / "f", url)


def archive(*members: tuple[str, bytes, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, content, kind in members:
            info = tarfile.TarInfo(name)
            info.type, info.size, info.linkname = kind, len(content), "/etc/passwd"
            tar.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def test_archive_paths_and_links_are_never_used(server, tmp_path, monkeypatch):
    root, url = server
    members = [("f", b"", tarfile.SYMTYPE), ("../../f", CONTENT, tarfile.REGTYPE)]
    (root / "a.tar.gz").write_bytes(archive(*members))
    official(monkeypatch, f"{url}/a.tar.gz")
    fetch(tmp_path / "deep" / "er" / "f", None)
    assert (tmp_path / "deep" / "er" / "f").read_bytes() == CONTENT
    assert not (tmp_path / "f").exists()


def test_nothing_reachable_lists_each_source_and_three_ways_out(server, tmp_path, monkeypatch):
    _, url = server
    official(monkeypatch, f"{url}/absent", "http://127.0.0.1:9/f", "/no/such/f")
    with pytest.raises(StudyError) as raised:
        fetch(tmp_path / "f", None)
    text = str(raised.value)
    assert f"{url}/absent: HTTP 404" in text
    assert "http://127.0.0.1:9/f: no connection" in text
    assert "/no/such/f: no such file" in text
    for way in ("TFSCALE_MIRROR", "dataset-fashion-mnist", "builtin"):
        assert way in text
