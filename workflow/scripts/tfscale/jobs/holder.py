"""A file that one process holds by a lock of the kernel, and that says who it is.

The lock (flock) goes with its process, however that ended: none is ever left over. What the file
says is for people, and is believed only while somebody holds it.
"""

import fcntl
import json
import os
import platform
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

LONGEST_RECORD = 4096
LONGEST_WORD = 300


@dataclass(frozen=True)
class Holder:
    """Who holds a file: process, machine, folder, and since when (local time)."""

    pid: int
    host: str
    folder: str
    since: str

    @classmethod
    def here(cls) -> "Holder":
        """This process, from now on."""
        now = datetime.now().isoformat(sep=" ", timespec="seconds")
        return cls(os.getpid(), platform.node(), str(Path.cwd()), now)

    @property
    def words(self) -> str:
        """The holder in a few words."""
        return f"pid {self.pid} in {self.folder}, since {self.since}"


def take(descriptor: int) -> bool:
    """Take the lock of an open file if it is free; False when somebody holds it.

    Raises OSError where the file system has no such locks.
    """
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def write(descriptor: int, holder: Holder | None) -> None:
    """Say in the file who holds it; None: nobody does."""
    text = json.dumps(asdict(holder)).encode() if holder else b""
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, text[:LONGEST_RECORD], 0)
    os.fsync(descriptor)


def read(descriptor: int) -> Holder | None:
    """Who holds the file by its own words; None when it says nothing that can be understood."""
    try:
        said = json.loads(os.pread(descriptor, LONGEST_RECORD, 0))
        words = [_printable(said[name]) for name in ("host", "folder", "since")]
        return Holder(int(said["pid"]), *words)
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None


def _printable(word: object) -> str:
    """Another user may have written the file: nothing in it may steer a terminal."""
    text = str(word)[:LONGEST_WORD]
    return "".join(sign if sign.isprintable() else "?" for sign in text)
