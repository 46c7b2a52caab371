"""Downloads of the one file f of a made-up data set."""

import io
from pathlib import Path

import pytest

from tfscale.data import sources
from tfscale.data.download import download
from tfscale.errors import StudyError


def fetch(target, mirror=None) -> str:
    return download("set", "f", target, mirror, io.StringIO())


def official(monkeypatch, *addresses) -> None:
    monkeypatch.setitem(sources.OFFICIAL, "set", list(addresses))


def refused(target: Path, mirror=None) -> str:
    """The message of a download that fails, as it must, and leaves nothing behind."""
    with pytest.raises(StudyError) as raised:
        fetch(target, mirror)
    assert list(target.parent.glob("*")) == list(target.parent.glob(".*")) == []
    return str(raised.value)
