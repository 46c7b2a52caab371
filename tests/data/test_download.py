"""Downloads from a real server on loopback: mirrors and bad servers."""

import gzip
import os
import signal
import time

import pytest
from downloading import fetch, official, refused
from hostile_server import CONTENT, PAGE, STALL_S

from tfscale.data import download, sources
from tfscale.data import download as module
from tfscale.data.download import public
from tfscale.data.sources import Payload

BY_DEFAULT = download.RETRIES


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
    ("body", "said"),
    [
        (CONTENT[:-1] + b"X", "wrong checksum"),
        (CONTENT[:100], "ends after 100 of"),
        (CONTENT * 2, "longer than the expected"),
        (b"", "ends after 0 of"),
        (PAGE, "sends a web page instead of the file"),
    ],
)
def test_wrong_content_is_refused_and_leaves_nothing(server, tmp_path, body, said):
    root, url = server
    (root / "f").write_bytes(body)
    assert f"{url}/f: {said}" in refused(tmp_path / "out" / "f", url)


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("absent/f.gz", "HTTP 404 File not found"),
        ("truncated/f.gz", "breaks off in the middle"),
        ("chunked/f", "breaks off in the middle"),
        ("mute/f", "no answer in time"),
        ("stalled/f", "no answer in time"),
        ("loop/f", "sends on from address to address, more than 5 times"),
        ("elsewhere/f", "no usable address (InvalidSchema)"),
        ("page/f", "sends a web page instead of the file"),
        ("page/f.gz", "sends a web page instead of the file"),
        ("page/f.tar.gz", "sends a web page instead of the file"),
        ("later/f", "HTTP 503 Service Unavailable"),
        ("empties/f.gz", "sends more than 66,436 bytes"),
        ("zeros/f", "longer than the expected 900 bytes"),
        ("zeros/f.gz", "is no gzip file"),
    ],
)
def test_what_a_bad_server_does_is_named_and_the_next_source_is_asked(
    server, tmp_path, monkeypatch, path, said
):
    root, url = server
    official(monkeypatch, f"{url}/{path}")
    start = time.monotonic()
    text = refused(tmp_path / "out" / "f")
    assert time.monotonic() - start < STALL_S / 2
    assert f"  {url}/{path}: {said}" in text
    (root / "good").mkdir()
    (root / "good" / "f.gz").write_bytes(gzip.compress(CONTENT))
    good = str(root / "good" / "f.gz")
    official(monkeypatch, f"{url}/{path}", good)
    assert fetch(tmp_path / "out" / "f") == good


@pytest.mark.parametrize("path", ["trickle/f", "header/f"])
def test_a_trickle_is_given_up_though_every_byte_comes_in_time(server, tmp_path, monkeypatch, path):
    _, url = server
    monkeypatch.setattr(module, "WINDOW_S", 0.3)
    official(monkeypatch, f"{url}/{path}")
    start = time.monotonic()
    assert "no answer in time (only " in refused(tmp_path / "out" / "f")
    assert time.monotonic() - start < STALL_S / 2
    assert signal.getsignal(signal.SIGALRM) is signal.SIG_DFL
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)


def test_a_slow_source_that_is_fast_enough_is_waited_for(server, tmp_path, monkeypatch):
    _, url = server
    monkeypatch.setattr(module, "WINDOW_S", 0.5)
    monkeypatch.setattr(module, "LEAST_BYTES_PER_S", 1)
    monkeypatch.setattr(download, "PIECE_BYTES", 4)
    monkeypatch.setitem(sources.PAYLOADS, "set", {"f": Payload(50, "0" * 64)})
    official(monkeypatch, f"{url}/trickle/f")
    start = time.monotonic()
    assert "longer than the expected 50 bytes" in refused(tmp_path / "out" / "f")
    assert time.monotonic() - start > 0.9


def test_a_source_that_breaks_off_is_asked_again(server, tmp_path, monkeypatch):
    _, url = server
    official(monkeypatch, f"{url}/dying/f.gz")
    assert fetch(tmp_path / "f") == f"{url}/dying/f.gz"
    assert (tmp_path / "f").read_bytes() == CONTENT


def test_a_silent_server_is_asked_once(server, tmp_path, monkeypatch):
    _, url = server
    official(monkeypatch, f"{url}/mute/f", f"{url}/mute/f.gz", "http://127.0.0.1:9/f")
    start = time.monotonic()
    text = refused(tmp_path / "out" / "f")
    assert time.monotonic() - start < STALL_S / 2
    assert f"{url}/mute/f.gz: not asked: its server was silent before" in text
    assert "http://127.0.0.1:9/f: no connection" in text


def test_a_pipe_or_a_device_in_a_mirror_does_not_hang(server, tmp_path):
    mirror = tmp_path / "mirror"
    mirror.mkdir()
    os.mkfifo(mirror / "f")
    (mirror / "f.gz").symlink_to("/dev/zero")
    text = refused(tmp_path / "out" / "f", str(mirror))
    assert f"{mirror}/f: is not a file" in text and f"{mirror}/f.gz: is not a file" in text


@pytest.mark.parametrize(
    "mirror", ["http://[::1", "http://", "ftp://x/y", "a\0b", "é ü/'\"", "http://é ü"]
)
def test_an_odd_mirror_is_no_traceback(server, tmp_path, mirror):
    assert "could not be had from any source" in refused(tmp_path / "out" / "f", mirror)


def test_a_mirror_with_blanks_quotes_and_other_letters_is_read(server, tmp_path):
    mirror = tmp_path / "mirror ü 'a' \"b\""
    mirror.mkdir()
    (mirror / "f").write_bytes(CONTENT)
    assert fetch(tmp_path / "out ü 'a'" / "f", str(mirror)) == str(mirror / "f")


def test_a_password_in_an_address_is_not_shown(server, tmp_path):
    _, url = server
    text = refused(tmp_path / "out" / "f", url.replace("//", "//me:secret@"))
    assert "secret" not in text and f"{url}/f: HTTP 404" in text
    assert public("https://u:p@a.org:8/b?c") == ("https://a.org:8/b?c", "a.org:8")


def test_a_server_that_is_busy_for_a_day_is_not_waited_for(server, tmp_path, monkeypatch):
    _, url = server
    monkeypatch.setattr(download, "RETRIES", BY_DEFAULT.new(backoff_factor=0))
    official(monkeypatch, f"{url}/later/f")
    start = time.monotonic()
    assert "HTTP 503 Service Unavailable" in refused(tmp_path / "out" / "f")
    assert time.monotonic() - start < STALL_S / 2


def test_nothing_reachable_lists_each_source_and_three_ways_out(server, tmp_path, monkeypatch):
    _, url = server
    official(monkeypatch, f"{url}/absent", "http://127.0.0.1:9/f", "/no/such/f")
    text = refused(tmp_path / "out" / "f")
    assert f"{url}/absent: HTTP 404" in text
    assert "http://127.0.0.1:9/f: no connection" in text
    assert "/no/such/f: no such file" in text
    for way in ("TFSCALE_MIRROR", "dataset-fashion-mnist", "builtin"):
        assert way in text
