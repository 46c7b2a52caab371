"""Write a file whole or not at all, and seal it so that damage shows.

The writer puts PLACEHOLDER somewhere into the file's own metadata; `seal` replaces it by the
SHA-256 of the file as it was with the placeholder. Files are mapped, never held: some are large.
"""

import errno
import hashlib
import json
import mmap
import os
from collections.abc import Iterator
from contextlib import contextmanager
from glob import escape
from pathlib import Path

PART = ".part"
CANNOT_FLUSH = (errno.EINVAL, errno.ENOTSUP)
"""What a file system answers that has nothing to flush."""


@contextmanager
def replacing(target: str | Path) -> Iterator[Path]:
    """Yield a temporary path beside `target`, which takes its name when the block ends well.

    Its content is on the disk before it gets the name. What a killed process left of the same
    target is removed first.
    """
    target = Path(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    _remove_left_over(target)
    temporary = target.with_name(f".{target.name}.{os.getpid()}{PART}")
    try:
        yield temporary
        flush(temporary)
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


def write_text(target: str | Path, text: str) -> None:
    """Write a text file (UTF-8) whole or not at all."""
    with replacing(target) as temporary:
        temporary.write_text(text, encoding="utf-8")


def flush(path: str | Path) -> None:
    """Return when a file, or every file of a folder, is on the disk; raises OSError if it cannot
    be, say because the disk is full."""
    path = Path(path)
    files = [file for file in path.rglob("*") if file.is_file()] if path.is_dir() else [path]
    for file in files:
        descriptor = os.open(file, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        except OSError as error:
            if error.errno not in CANNOT_FLUSH:
                raise
        finally:
            os.close(descriptor)


def _remove_left_over(target: Path) -> None:
    for path in target.parent.glob(f".{escape(target.name)}.*{PART}"):
        writer = path.name.removesuffix(PART).rpartition(".")[2]
        if writer.isdecimal() and not _runs(int(writer)):
            path.unlink(missing_ok=True)


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True


MARK = b"tfscale-seal:"
DIGITS = 64
PLACEHOLDER = MARK + b"0" * DIGITS


def seal(path: Path) -> None:
    """Seal a file that contains PLACEHOLDER exactly once."""
    with path.open("r+b") as file, mmap.mmap(file.fileno(), 0) as content:
        start = content.find(PLACEHOLDER)
        if start < 0 or content.find(PLACEHOLDER, start + 1) >= 0:
            raise ValueError(f"{path} must hold the placeholder of the seal once")
        digest = hashlib.sha256(content).hexdigest().encode()
        content[start + len(MARK) : start + len(PLACEHOLDER)] = digest


def intact(path: Path) -> bool:
    """Whether the file is byte for byte as it was sealed."""
    if not path.stat().st_size:
        return False
    with (
        path.open("rb") as file,
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content,
    ):
        return as_sealed(content)


def as_sealed(content: bytes | mmap.mmap) -> bool:
    """Whether a file's content is byte for byte as it was sealed."""
    start = content.rfind(MARK)
    end = start + len(PLACEHOLDER)
    if start < 0 or end > len(content):
        return False
    with memoryview(content) as view:
        original = hashlib.sha256(view[:start])
        original.update(PLACEHOLDER)
        original.update(view[end:])
    return original.hexdigest().encode() == content[start + len(MARK) : end]


def noted(path: Path, key: str) -> dict:
    """The JSON object that a Parquet file holds under `key` among its own metadata, read without a
    library; empty where there is none."""
    with (
        path.open("rb") as file,
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content,
    ):
        place = content.rfind(key.encode())
        start = content.find(b'{"', place)
        if place < 0 or start < 0:
            return {}
        return json.JSONDecoder().raw_decode(content[start:].decode("latin-1"))[0]
