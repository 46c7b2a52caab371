"""Fetches one payload from the first source that holds it, checked before it gets its name."""

import hashlib
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

from tqdm import tqdm

from tfscale.data.faults import FAULTS, BrokenError, SilentError, unusable
from tfscale.data.patience import patience
from tfscale.data.saving import make_ready, save, saving
from tfscale.data.source_stream import UnusableError, opened, payload_in
from tfscale.data.sources import PAYLOADS, Payload, Source, candidates
from tfscale.errors import StudyError
from tfscale.files.atomic import replacing

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
