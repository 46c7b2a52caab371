"""Faults of the disk that a download is written to: they are not the source's, and end it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import disk_usage
from time import time
from typing import IO

from tfscale.errors import StudyError

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
