"""Outputs appear whole or not at all, and what has appeared outlives a power cut."""

import errno
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
