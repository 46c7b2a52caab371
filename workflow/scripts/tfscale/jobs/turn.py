"""Studies of one machine are timed in turn.

A job that times holds a lock of the kernel (flock) on a file that all studies of the machine
share, of all users; the lock goes with its process, however that ended. Training does not wait for
it. What the file says is for people, and is believed only while somebody holds it.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from time import monotonic

SWITCH = "TFSCALE_TIMING_LOCK"
"""The variable that names another file, or switches the lock off by 0."""
PLACE = "/tmp/tfscale-timing.lock"
LONGEST = 300
UNKNOWN = "it does not say which"


@contextmanager
def timing_turn() -> Iterator[None]:
    """Have the machine's timing for oneself, waiting as long as it takes without using the CPU.

    Whom this waits for is printed. Where there can be no such lock, that is printed, and nothing is
    waited for.
    """
    path = os.environ.get(SWITCH, PLACE) or PLACE
    if path == "0":
        yield
        return
    try:
        descriptor = _opened(path)
    except OSError as error:
        print(
            f"warning: studies on this machine cannot be timed in turn ({path}: {error.strerror}): "
            f"run one at a time, or let {SWITCH} name a file that can be written"
        )
        yield
        return
    try:
        _take(descriptor)
        with suppress(OSError):  # a full disk, or a file of another user
            os.ftruncate(descriptor, 0)
            now = datetime.now().isoformat(sep=" ", timespec="seconds")
            os.pwrite(descriptor, f"pid {os.getpid()} in {Path.cwd()}, since {now}".encode(), 0)
        yield
    finally:
        os.close(descriptor)


def timing_elsewhere() -> str | None:
    """Who times on this machine just now, in words; None when nobody does, or nobody can say."""
    path = os.environ.get(SWITCH, PLACE) or PLACE
    with suppress(OSError):
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return _holder(descriptor)
        finally:
            os.close(descriptor)
    return None


def _take(descriptor: int) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        began = monotonic()
        print(
            f"waiting: another study is being timed on this machine ({_holder(descriptor)}); its "
            f"runs and those of this study take turns ({SWITCH}=0 would time them at once)"
        )
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        print(f"waited {monotonic() - began:.0f} s for the timing of another study")


def _holder(descriptor: int) -> str:
    """What the file says; another user may have written it: nothing in it may steer a terminal."""
    text = os.pread(descriptor, LONGEST, 0).decode(errors="replace")
    return "".join(sign if sign.isprintable() else "?" for sign in text) or UNKNOWN


def _opened(path: str) -> int:
    """The file, made for all users where it is missing; never through a link."""
    flags = os.O_CLOEXEC | os.O_NOFOLLOW
    try:
        return os.open(path, flags | os.O_RDWR)
    except PermissionError:  # of another user, who kept it to himself: a lock needs no more
        return os.open(path, flags | os.O_RDONLY)
    except FileNotFoundError:
        descriptor = os.open(path, flags | os.O_RDWR | os.O_CREAT, 0o666)
        with suppress(OSError):
            os.fchmod(descriptor, 0o666)
        return descriptor
