"""Fetch a payload from the first source that has it, checked.

A source is not trusted: it may send without end, send something else, or nothing at all.
"""

import gzip
import hashlib
import os
import signal
import sys
import tarfile
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path, PurePosixPath
from shutil import disk_usage
from time import time
from typing import IO, Any
from urllib.parse import unquote, urlsplit

import requests
from requests.adapters import HTTPAdapter
from tqdm import tqdm
from urllib3.exceptions import HTTPError, ProtocolError, ReadTimeoutError
from urllib3.util import Retry

from tfscale.data.sources import PAYLOADS, Payload, Source, candidates
from tfscale.errors import StudyError
from tfscale.files.whole import replacing


class StalledError(Exception):
    """Too little came in time."""


@contextmanager
def patience(window_s: float, least_bytes: float) -> Iterator[Callable[[int], None]]:
    """Yield a function that is to be told how many bytes came.

    Raises StalledError in the block when they were fewer than `least_bytes` in any window of
    `window_s` seconds. A time-out of a socket starts again with every byte; this one does not. It
    is an alarm, which only the main thread of a process can have; elsewhere it never comes.
    """
    came = 0

    def heard(count: int) -> None:
        nonlocal came
        came += count

    def look(number: int, frame: object) -> None:
        nonlocal came
        if came < least_bytes:
            raise StalledError(f"only {came:,} bytes in {window_s:g} s")
        came = 0

    if threading.current_thread() is not threading.main_thread():
        yield heard
        return
    before = signal.signal(signal.SIGALRM, look)
    signal.setitimer(signal.ITIMER_REAL, window_s, window_s)
    try:
        yield heard
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


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


FAULTS = (
    UnusableError, StalledError, OSError, HTTPError, EOFError, zlib.error, tarfile.TarError,
    ValueError,
)  # fmt: skip
SILENCE = (StalledError, requests.Timeout, requests.ConnectionError, ReadTimeoutError)
BREAKS = (ProtocolError, EOFError)


class SilentError(UnusableError):
    """The server of a source cannot be reached, or does not answer in time."""


class BrokenError(UnusableError):
    """A source broke off in the middle."""


def unusable(error: Exception, is_page: bool) -> UnusableError:
    """The fault in one line; `is_page` says that a web page came."""
    words = "sends a web page instead of the file" if is_page else reason(error)
    if isinstance(error, SILENCE):
        return SilentError(words)
    return BrokenError(words) if isinstance(error, BREAKS) else UnusableError(words)


def reason(error: Exception) -> str:
    """Why a source cannot be used."""
    if isinstance(error, UnusableError):
        return str(error)
    if isinstance(error, StalledError):
        return f"no answer in time ({error})"
    if isinstance(error, (requests.Timeout, ReadTimeoutError)) or _timed_out(error):
        return "no answer in time"
    if isinstance(error, requests.exceptions.SSLError):
        return "no secure connection: its certificate is not accepted here"
    if isinstance(error, requests.ConnectionError):
        return "no connection"
    if isinstance(error, requests.TooManyRedirects):
        return f"sends on from address to address, more than {MOST_REDIRECTS} times"
    if isinstance(error, requests.RequestException):
        return f"no usable address ({type(error).__name__})"
    if isinstance(error, BREAKS):
        return "breaks off in the middle"
    if isinstance(error, gzip.BadGzipFile):
        return "is no gzip file"
    if isinstance(error, FileNotFoundError):
        return "no such file"
    said = getattr(error, "strerror", None) or error
    return " ".join(str(said).split()) or type(error).__name__


def _timed_out(error: Exception) -> bool:
    """Whether the last of several tries ended so; requests calls that a connection error."""
    cause = getattr(error.args[0], "reason", None) if error.args else None
    return isinstance(error, requests.ConnectionError) and isinstance(cause, ReadTimeoutError)


STALE_S = 600
"""A part to which nothing was written for so long was left by a process that was killed."""


@contextmanager
def saving(target: Path) -> Iterator[None]:
    """Turn an error of the disk into a StudyError that names the folder and says what to do."""
    try:
        yield
    except OSError as error:
        raise StudyError(
            f"{target.parent} cannot be written: {error.strerror or error}. Make room, or mend "
            "the rights of the folder, or name another one in config.yaml (pathvars.resources); "
            "then type the same command again"
        ) from error


def make_ready(target: Path, size_bytes: int) -> None:
    """Make the folder of a file and clear it of parts that killed downloads left.

    Raises StudyError when the folder cannot be made or its disk has no room for the file.
    """
    with saving(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        for part in target.parent.glob(f".{target.name}.*.part"):
            if time() - part.lstat().st_mtime > STALE_S:
                part.unlink(missing_ok=True)
        free = disk_usage(target.parent).free
    if free < size_bytes:
        raise StudyError(
            f"{target.parent} has room for {free:,} bytes and {target.name} needs {size_bytes:,}. "
            "Make room or name another folder in config.yaml (pathvars.resources)"
        )


def save(out: IO[bytes], chunk: bytes) -> None:
    """Write all of a chunk to an unbuffered file: nothing is left over for its closing."""
    view = memoryview(chunk)
    while view:
        view = view[out.write(view) :]


CHUNK_BYTES = 1 << 18
WINDOW_S, LEAST_BYTES_PER_S = 60, 5000
"""A source that sends less for so long is given up."""
ATTEMPTS = 2
"""Times that a source which breaks off in the middle is asked."""


def download(dataset: str, file: str, target: Path, mirror: str | None, console: IO[str]) -> str:
    """Write the payload `file` of `dataset` to `target` and return the address it came from.

    Raises StudyError: at once when the disk does not take it; when no source works with each
    source, its reason, and the ways out.
    """
    payload = PAYLOADS[dataset][file]
    make_ready(target, payload.bytes)
    reasons, silent = [], set()
    for source in candidates(dataset, file, mirror):
        address, host = public(source.address)
        try:
            if host and host in silent:
                raise UnusableError("not asked: its server was silent before")
            _attempt(source, file, payload, target, console)
            return address
        except SilentError as error:
            silent.add(host)
            reasons.append(f"  {address}: {error}")
        except UnusableError as error:
            reasons.append(f"  {address}: {error}")
    raise StudyError(
        f"{dataset}/{file} could not be had from any source:\n" + "\n".join(reasons) + "\n"
        "Three ways out: put the files in a folder or on a server and name it in config.yaml "
        "(datasets.mirror) or in TFSCALE_MIRROR; install the Debian package "
        "dataset-fashion-mnist (images only); or use the built-in data "
        "(datasets.source: builtin)."
    )


def public(address: str) -> tuple[str, str]:
    """An address without the name and password that it may hold, and its server."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return address, ""
    host = parts.netloc.rpartition("@")[2]
    return (parts._replace(netloc=host).geturl() if "@" in parts.netloc else address), host


def _attempt(source: Source, file: str, payload: Payload, target: Path, console: IO[str]) -> None:
    """Fetch the payload to its place, again where the source breaks off; raises UnusableError."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with saving(target), replacing(target) as temporary:
                _fetch(source, file, payload, temporary, console)
            return
        except BrokenError:
            if attempt == ATTEMPTS:
                raise


def _fetch(source: Source, file: str, payload: Payload, target: Path, console: IO[str]) -> None:
    """Stream the payload into `target`; raise UnusableError when it does not come as it should."""
    raw = None
    try:
        with ExitStack() as stack:
            heard = stack.enter_context(patience(WINDOW_S, WINDOW_S * LEAST_BYTES_PER_S))
            raw = stack.enter_context(opened(source, payload.bytes, heard))
            stream = stack.enter_context(payload_in(raw, source, file))
            bar = stack.enter_context(_progress(file, payload.bytes, console))
            _copy(stream, payload, target, bar)
    except FAULTS as error:
        raise unusable(error, is_page=raw is not None and raw.is_page) from error


def _copy(stream: Any, payload: Payload, target: Path, bar: tqdm) -> None:
    """Write a stream to a file; raise UnusableError when size or checksum is not the payload's."""
    digest, size = hashlib.sha256(), 0
    with ExitStack() as stack:
        with saving(target):
            out = stack.enter_context(target.open("wb", buffering=0))
        for chunk in _chunks(stream):
            size += len(chunk)
            if size > payload.bytes:
                raise UnusableError(f"longer than the expected {payload.bytes} bytes")
            digest.update(chunk)
            with saving(target):
                save(out, chunk)
            bar.update(len(chunk))
    if size < payload.bytes:
        raise UnusableError(f"ends after {size} of {payload.bytes} bytes")
    if digest.hexdigest() != payload.sha256:
        raise UnusableError(f"wrong checksum (sha256 {digest.hexdigest()[:12]}…)")


def _chunks(stream: Any) -> Iterator[bytes]:
    while chunk := stream.read(CHUNK_BYTES):
        yield chunk


def _progress(file: str, total: int, console: IO[str]) -> tqdm:
    return tqdm(
        desc=file, total=total, unit="B", unit_scale=True, file=console, mininterval=2, leave=False
    )


def fetch(dataset: str, file: str, payload_path: str) -> str:
    """Download as the rule asks for it, from TFSCALE_MIRROR first; returns where it came from."""
    mirror = os.environ.get("TFSCALE_MIRROR")
    address = download(dataset, file, Path(payload_path), mirror, sys.stdout)
    return f"{file}: checksum right, from {address}"
