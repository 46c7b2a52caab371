"""Fetch a file of a data set from the first source that has it, and check it.

A user's own folder or server (TFSCALE_MIRROR) is asked before the official addresses.
"""

import gzip
import hashlib
import os
import re
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError
from urllib3.util import Retry

from tfscale.data.sources import ARCHIVE, PAYLOADS, candidates
from tfscale.errors import StudyError
from tfscale.files.whole import replacing

TIMEOUT_S = (10, 30)
"""To connect, and between two pieces of an answer."""
RETRIES = Retry(
    total=2,
    connect=1,
    read=1,
    backoff_factor=0.5,
    status_forcelist=[429, 500, 502, 503, 504],
    raise_on_status=False,
    respect_retry_after_header=False,
)
FAULTS = (OSError, HTTPError, EOFError, zlib.error, tarfile.TarError, ValueError)
"""What a source may do; the exceptions of requests are OSErrors."""


def fetch(dataset: str, file: str, payload: str) -> str:
    """Write a file of a data set, decompressed, to the path `payload`; returns whence it came.

    Raises StudyError that names each source with the reason why it was not used, and the ways out.
    """
    reasons = []
    for address in candidates(dataset, file, os.environ.get("TFSCALE_MIRROR")):
        try:
            content = _content(address, dataset, file)
        except FAULTS as error:
            reasons.append(f"  {public(address)}: {_reason(error)}")
            continue
        with replacing(payload) as temporary:
            temporary.write_bytes(content)
        return f"{file}: checksum right, from {public(address)}"
    raise StudyError(
        f"{dataset}/{file} could not be had from any source:\n" + "\n".join(reasons) + "\n"
        "Ways out: put the files in a folder or on a server and name it in config.yaml "
        "(datasets.mirror) or in TFSCALE_MIRROR; install the Debian package "
        "dataset-fashion-mnist (images only); or use the built-in data (datasets.source: builtin)."
    )


def public(address: str) -> str:
    """Leave out the name and password that an address may hold.

    >>> public("https://me:secret@example.org/f.gz")
    'https://example.org/f.gz'
    """
    return re.sub(r"//[^/]*@", "//", address)


def _content(address: str, dataset: str, file: str) -> bytes:
    """The file as the source has it, decompressed; raises one of FAULTS unless it is the file."""
    expected = PAYLOADS[dataset][file]
    with _opened(address) as stream:
        if address.endswith(ARCHIVE):
            content = _member(stream, file, expected.bytes + 1)
        elif address.endswith(".gz"):
            content = gzip.GzipFile(fileobj=stream).read(expected.bytes + 1)
        else:
            content = stream.read(expected.bytes + 1)
    if len(content) != expected.bytes:
        more = "more than " if len(content) > expected.bytes else ""
        raise ValueError(f"{more}{min(len(content), expected.bytes):,} of {expected.bytes:,} bytes")
    if hashlib.sha256(content).hexdigest() != expected.sha256:
        raise ValueError("wrong checksum")
    return content


@contextmanager
def _opened(address: str) -> Iterator[Any]:
    """The bytes at a path or URL."""
    if not address.startswith(("http://", "https://")):
        path = Path(unquote(urlsplit(address).path) if "://" in address else address)
        if not path.is_file():
            raise FileNotFoundError
        with path.open("rb") as stream:
            yield stream
        return
    with requests.Session() as session:
        for scheme in ("http://", "https://"):
            session.mount(scheme, HTTPAdapter(max_retries=RETRIES))
        headers = {"Accept-Encoding": "identity"}
        with session.get(address, stream=True, timeout=TIMEOUT_S, headers=headers) as answer:
            if answer.status_code != requests.codes.ok:
                raise ValueError(f"HTTP {answer.status_code} {answer.reason}")
            yield answer.raw


def _member(stream: Any, file: str, most_bytes: int) -> bytes:
    """The regular file of that name in an archive, of which nothing else is unpacked."""
    with tarfile.open(fileobj=stream, mode="r|gz") as archive:
        for member in archive:
            content = archive.extractfile(member) if member.isreg() else None
            if content is not None and PurePosixPath(member.name).name == file:
                return content.read(most_bytes)
    raise ValueError(f"the archive does not hold {file}")


def _reason(error: Exception) -> str:
    """Why a source was not used; the messages of requests are long and may hold a password."""
    if isinstance(error, FileNotFoundError):
        return "no such file"
    if isinstance(error, requests.RequestException):
        return f"no answer ({type(error).__name__})"
    if isinstance(error, HTTPError | EOFError):
        return "breaks off"
    return " ".join(str(error).split()) or type(error).__name__
