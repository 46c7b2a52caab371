"""Fetches one payload from the first source that holds it, checked before it gets its name."""

import gzip
import hashlib
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Any
from urllib.parse import unquote, urlsplit

import requests
from requests.adapters import HTTPAdapter
from tqdm import tqdm
from urllib3.exceptions import HTTPError, ProtocolError
from urllib3.util import Retry

from tfscale.atomic import replacing
from tfscale.errors import StudyError
from tfscale.sources import PAYLOADS, Payload, Source, candidates

CHUNK_BYTES = 1 << 18
CONNECT_TIMEOUT_S, READ_TIMEOUT_S = 10, 60
RETRIES = Retry(total=3, backoff_factor=0.5, status_forcelist=[429, 500, 502, 503, 504])


class UnusableError(Exception):
    """A source does not give the payload; the message says why."""


FAULTS = (UnusableError, OSError, HTTPError, EOFError, zlib.error, tarfile.TarError)
"""What a source can do wrong: refuse, hang, break off, or send something else."""


def download(dataset: str, file: str, target: Path, mirror: str | None, console: IO[str]) -> str:
    """Write the payload `file` of `dataset` to `target` and return the address it came from.

    Raises StudyError, which lists each source with its reason and the ways out, when none works.
    """
    payload = PAYLOADS[dataset][file]
    reasons = []
    for source in candidates(dataset, file, mirror):
        try:
            with replacing(target) as temporary:
                _fetch(source, file, payload, temporary, console)
            return source.address
        except FAULTS as error:
            reasons.append(f"  {source.address}: {_reason(error)}")
    raise StudyError(
        f"{dataset}/{file} could not be had from any source:\n" + "\n".join(reasons) + "\n"
        "Three ways out: put the files in a folder or on a server and name it in config.yaml "
        "(datasets.mirror) or in TFSCALE_MIRROR; install the Debian package "
        "dataset-fashion-mnist (images only); or use the built-in data "
        "(datasets.source: builtin)."
    )


def _reason(error: Exception) -> str:
    if isinstance(error, requests.Timeout):
        return "no answer in time"
    if isinstance(error, requests.ConnectionError):
        return "no connection"
    if isinstance(error, ProtocolError):
        return "the answer broke off"
    if isinstance(error, FileNotFoundError):
        return "no such file"
    return " ".join(str(error).split()) or type(error).__name__


def _fetch(source: Source, file: str, payload: Payload, target: Path, console: IO[str]) -> None:
    """Stream the payload into `target`; raise UnusableError when its size or checksum is wrong."""
    digest, size = hashlib.sha256(), 0
    with ExitStack() as stack:
        raw = stack.enter_context(_opened(source.address))
        bar = stack.enter_context(_progress(file, payload.bytes, console))
        out = stack.enter_context(target.open("wb"))
        for chunk in _chunks(stack.enter_context(_decompressed(raw, source, file))):
            size += len(chunk)
            if size > payload.bytes:
                raise UnusableError(f"longer than the expected {payload.bytes} bytes")
            digest.update(chunk)
            out.write(chunk)
            bar.update(len(chunk))
    if size < payload.bytes:
        raise UnusableError(f"ends after {size} of {payload.bytes} bytes")
    if digest.hexdigest() != payload.sha256:
        raise UnusableError(f"wrong checksum (sha256 {digest.hexdigest()[:12]}…)")


@contextmanager
def _opened(address: str) -> Iterator[Any]:
    """The bytes at a URL, a file:// address or a path."""
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https"):
        path = unquote(parts.path) if parts.scheme == "file" else address
        with open(path, "rb") as file:
            yield file
        return
    with requests.Session() as session:
        session.mount(f"{parts.scheme}://", HTTPAdapter(max_retries=RETRIES))
        timeout = (CONNECT_TIMEOUT_S, READ_TIMEOUT_S)
        headers = {"Accept-Encoding": "identity"}
        with session.get(address, stream=True, timeout=timeout, headers=headers) as answer:
            if answer.status_code != 200:
                raise UnusableError(f"HTTP {answer.status_code} {answer.reason}")
            yield answer.raw


@contextmanager
def _decompressed(raw: IO[bytes], source: Source, file: str) -> Iterator[Any]:
    """The payload inside a plain, gzipped or archived source; member paths are never used."""
    if not source.is_archive:
        yield gzip.GzipFile(fileobj=raw) if source.address.endswith(".gz") else raw
        return
    with tarfile.open(fileobj=raw, mode="r|gz") as archive:
        for member in archive:
            content = archive.extractfile(member) if member.isreg() else None
            if content is not None and PurePosixPath(member.name).name == file:
                with closing(content):
                    yield content
                return
    raise UnusableError(f"the archive does not hold {file}")


def _chunks(stream: IO[bytes]) -> Iterator[bytes]:
    while chunk := stream.read(CHUNK_BYTES):
        yield chunk


def _progress(file: str, total: int, console: IO[str]) -> tqdm:
    return tqdm(
        desc=file, total=total, unit="B", unit_scale=True, file=console, mininterval=2, leave=False
    )
