"""Fixtures of several files of unit tests."""

import pytest
from hostile_server import PAYLOAD, serving

from tfscale.data import download, sources


@pytest.fixture
def server(tmp_path, monkeypatch):
    """A folder served on loopback; the only data set is one file f, without official sources.
    All waits are short, and nothing is asked twice before it answers."""
    monkeypatch.setitem(sources.PAYLOADS, "set", {"f": PAYLOAD})
    monkeypatch.setitem(sources.OFFICIAL, "set", [])
    monkeypatch.setattr(download, "RETRIES", 0)
    monkeypatch.setattr(download, "READ_TIMEOUT_S", 0.3)
    monkeypatch.setattr(download, "OVERHEAD_BYTES", 1 << 16)
    with serving(tmp_path / "www") as url:
        yield tmp_path / "www", url
