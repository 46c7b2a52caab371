"""Studies of one machine are timed in turn; who holds a lock.

The lock (flock) goes with its process, however that ended: none is ever left over. What the file
says is for people, and is believed only while somebody holds it.

A job that times holds a lock of the kernel on a file that all studies of the machine share, of
all users. Training does not wait for it: a machine that is busy is warned about (see `host`).
"""

import errno
import fcntl
import json
import os
import platform
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from time import monotonic, sleep

from tfscale.jobs import warm

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


SWITCH = "TFSCALE_TIMING_LOCK"
"""The variable that names another file, or switches the lock off by 0."""
PLACE = "/tmp/tfscale-timing.lock"
FOR_ALL = 0o666
ASKS, ASK_S = 10, 0.02
"""How often a file is read that its holder has not written yet."""


@contextmanager
def timing_turn() -> Iterator[None]:
    """Have the machine's timing for oneself; the log says who has it while this waits.

    Waits as long as it takes, without using the CPU. The lock is
    free again when its holder ends, however that happens. Where there can be no such lock, that
    is said and nothing is waited for.
    """
    descriptor = _taken()
    if descriptor is None:
        yield
        return
    try:
        with suppress(OSError):  # a full disk, or a file of another user
            write(descriptor, Holder.here())
        yield
    finally:
        with suppress(OSError):
            write(descriptor, None)
        os.close(descriptor)


def do(target: str, **arguments: object) -> object:
    """The answer of `warm.do` in this study's turn to time."""
    with timing_turn():
        return warm.do(target, **arguments)


def timing_elsewhere() -> Holder | None:
    """Who times on this machine just now; None when nobody does, or when it cannot be known."""
    path = _path()
    if path is None:
        return None
    with suppress(OSError):
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return _holder(descriptor)
        finally:
            os.close(descriptor)
    return None


def _path() -> str | None:
    asked = os.environ.get(SWITCH, PLACE)
    return None if asked == "0" else asked or PLACE


def _taken() -> int | None:
    """The descriptor of the locked file; None without a lock."""
    path = _path()
    if path is None:
        return None
    began, waits = monotonic(), False
    try:
        while True:
            descriptor = _opened(path)
            if not take(descriptor):
                if not waits:
                    print(_waiting(descriptor), flush=True)
                waits = True
                fcntl.flock(descriptor, fcntl.LOCK_EX)
            if _is_at(path, descriptor):
                break
            os.close(descriptor)  # somebody deleted the file: those who come now take a new one
    except OSError as error:
        print(
            f"warning: studies on this machine cannot be timed in turn ({path}: {error.strerror}): "
            f"run one at a time, or let {SWITCH} name a file that can be written",
            flush=True,
        )
        return None
    if waits:
        print(f"waited {monotonic() - began:.0f} s for the timing of another study")
    return descriptor


def _waiting(descriptor: int) -> str:
    found = _holder(descriptor)
    who = f" ({found.words})" if found else ""
    return (
        f"waiting: another study is being timed on this machine{who}; its runs and those of this "
        f"study take turns ({SWITCH}=0 would time them at once)"
    )


def _holder(descriptor: int) -> Holder | None:
    for _ in range(ASKS):
        if found := read(descriptor):
            return found
        sleep(ASK_S)
    return None


def _opened(path: str) -> int:
    """The file, made when it is not there, for all users of the machine; never through a link."""
    flags = os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
    with suppress(FileExistsError):
        descriptor = os.open(path, flags | os.O_RDWR | os.O_CREAT | os.O_EXCL, FOR_ALL)
        os.fchmod(descriptor, FOR_ALL)
        return descriptor
    try:
        descriptor = os.open(path, flags | os.O_RDWR)
    except PermissionError:  # of another user, who kept it to himself: a lock needs no more
        descriptor = os.open(path, flags | os.O_RDONLY)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "is no plain file")
    return descriptor


def _is_at(path: str, descriptor: int) -> bool:
    try:
        return os.path.samestat(Path(path).lstat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False
