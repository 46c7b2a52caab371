"""The bytes of a source: a URL, a file:// address or a path; plain, gzipped or in an archive.

A source is not trusted: it may send without end, send something else, or nothing at all.
"""

import gzip
import tarfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from tfscale.data.sources import Source

CONNECT_TIMEOUT_S, READ_TIMEOUT_S = 10, 30
MOST_REDIRECTS = 5
PIECE_BYTES, HEAD_BYTES = 1 << 16, 64
OVERHEAD_BYTES = 1 << 20
"""A gzipped file may be larger than its content by this, no more."""
ARCHIVE_BYTES = 1 << 26
"""No archive of a data set is larger, packed or unpacked."""
RETRIES = Retry(
    total=3, connect=1, read=1, backoff_factor=0.5, status_forcelist=[429, 500, 502, 503, 504],
    raise_on_status=False, respect_retry_after_header=False,
)  # fmt: skip


class UnusableError(Exception):
    """A source does not give the payload; the message says why."""


class Limited:
    """A stream that gives no more than it may, says how much came and keeps its first bytes."""

    def __init__(self, raw: Any, most_bytes: int, heard: Callable[[int], None] | None = None):
        """Of the stream `raw`; `heard` is told the number of bytes of every piece."""
        self._raw, self._most_bytes, self._heard = raw, most_bytes, heard
        self._left_bytes = most_bytes
        self.head = b""

    def read(self, size: int) -> bytes:
        """The next bytes, `size` at most; raises UnusableError when there were too many."""
        piece = self._raw.read(min(size, PIECE_BYTES))
        self._left_bytes -= len(piece)
        if self._left_bytes < 0:
            raise UnusableError(f"sends more than {self._most_bytes:,} bytes")
        self.head = self.head or piece[:HEAD_BYTES]
        if self._heard is not None:
            self._heard(len(piece))
        return piece

    @property
    def is_page(self) -> bool:
        """Whether it begins like a web page: no payload does."""
        return self.head.lstrip().startswith(b"<")


@contextmanager
def opened(source: Source, size_bytes: int, heard: Callable[[int], None]) -> Iterator[Limited]:
    """The bytes at the source of a payload of `size_bytes`."""
    most = ARCHIVE_BYTES if source.is_archive else size_bytes + OVERHEAD_BYTES
    parts = urlsplit(source.address)
    if parts.scheme in ("http", "https"):
        with _answer(source.address) as answer:
            yield Limited(answer.raw, most, heard)
        return
    path = Path(unquote(parts.path) if parts.scheme == "file" else source.address)
    if path.exists() and not path.is_file():  # a pipe would never answer
        raise UnusableError("is not a file")
    with path.open("rb") as file:
        yield Limited(file, most, heard)


@contextmanager
def _answer(address: str) -> Iterator[requests.Response]:
    with requests.Session() as session:
        session.max_redirects = MOST_REDIRECTS
        for scheme in ("http://", "https://"):
            session.mount(scheme, HTTPAdapter(max_retries=RETRIES))
        timeout = (CONNECT_TIMEOUT_S, READ_TIMEOUT_S)
        headers = {"Accept-Encoding": "identity"}
        with session.get(address, stream=True, timeout=timeout, headers=headers) as answer:
            if answer.status_code != 200:
                raise UnusableError(f"HTTP {answer.status_code} {answer.reason}")
            yield answer


@contextmanager
def payload_in(raw: Any, source: Source, file: str) -> Iterator[Any]:
    """The payload inside a plain, gzipped or archived source; `raw` is the stream of its bytes.

    Nothing of an archive is unpacked: the first regular member of the file's name is read, its
    folders and links are never used, and no more than ARCHIVE_BYTES are looked through.
    """
    if not source.is_archive:
        yield gzip.GzipFile(fileobj=raw) if source.address.endswith(".gz") else raw
        return
    unpacked: Any = Limited(gzip.GzipFile(fileobj=raw), ARCHIVE_BYTES)
    with tarfile.open(fileobj=unpacked, mode="r|") as archive:
        for member in archive:
            content = archive.extractfile(member) if member.isreg() else None
            if content is not None and PurePosixPath(member.name).name == file:
                with closing(content):
                    yield content
                return
    raise UnusableError(f"the archive does not hold {file}")
