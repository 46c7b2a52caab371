"""One Snakemake at a time in a folder.

Snakemake's own lock is a file, which stays behind when it is killed. With it goes a lock of the
kernel, which ends with its process: so what was left behind is known for what it is and removed.
Where the file system has no such locks, Snakemake's own is all there is.
"""

import fcntl
import os
import shlex
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path

from snakemake.exceptions import WorkflowError
from snakemake.persistence import PersistenceBase

from tfscale.jobs import turn
from tfscale.jobs.turn import Holder

NAME = "tfscale.lock"
"""In the folder .snakemake."""
Lock = Callable[[PersistenceBase], AbstractContextManager]


def guard() -> None:
    """Have every lock that this Snakemake takes go with one of the kernel.

    With --nolock and for the jobs of a cluster it takes none; a dry run only looks.
    """
    if not hasattr(PersistenceBase.lock, "unguarded"):
        PersistenceBase.lock = _guarded(PersistenceBase.lock, _alone)
        PersistenceBase.lock_warn_only = _guarded(PersistenceBase.lock_warn_only, _looked)


def _guarded(lock: Lock, kernels: Callable[[Path], AbstractContextManager]) -> Lock:
    @contextmanager
    def guarded(self: PersistenceBase) -> Iterator[None]:
        with kernels(Path(self.path)), lock(self):
            yield

    guarded.unguarded = lock  # type: ignore[attr-defined]
    return guarded


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold the kernel's lock of a .snakemake folder; raises WorkflowError when another process
    does. Removes the lock files of one that was killed, and says so."""
    descriptor = _opened(folder / NAME)
    if descriptor is None:
        yield
        return
    try:
        before = turn.read(descriptor)
        if not turn.take(descriptor):
            raise WorkflowError(_taken_by(before or turn.read(descriptor)))
        _remove_left_over(folder, before)
        _say(descriptor, Holder.here())
        try:
            yield
        finally:
            _say(descriptor, None)
    finally:
        os.close(descriptor)


@contextmanager
def _looked(folder: Path) -> Iterator[None]:
    """Say of a lock file that a killed Snakemake left what will become of it."""
    descriptor = _opened(folder / NAME) if _left_over(folder) else None
    if descriptor is not None:
        before = turn.read(descriptor)
        if before and before.host == Holder.here().host and turn.take(descriptor):
            _tell(f"{_killed(before)}; the next run removes its lock, whatever is said below")
        os.close(descriptor)
    yield


def _opened(path: Path) -> int | None:
    """The file that is locked; None where it cannot be."""
    descriptor = None
    with suppress(OSError):
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        except PermissionError:  # of another user of the folder: a lock needs no more
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        fcntl.flock(descriptor, fcntl.LOCK_UN)  # fails where there are no such locks
        return descriptor
    if descriptor is not None:
        os.close(descriptor)
    return None


def _say(descriptor: int, who: Holder | None) -> None:
    with suppress(OSError):  # a full disk, or the file of another user
        turn.write(descriptor, who)


def _taken_by(who: Holder | None) -> str:
    known = f": {who.words}" if who else ""
    stop = f" or by `kill -INT {who.pid}`, which lets its running jobs finish" if who else ""
    again = shlex.join(["snakemake", *sys.argv[1:]])
    return (
        f"Another snakemake is at work in this folder{known}.\n"
        f"Wait for it, or stop it by Ctrl-C in its terminal{stop}: what is finished stays.\n"
        f"Then type again: {again}"
    )


def _left_over(folder: Path) -> list[Path]:
    return sorted((folder / "locks").glob("*.lock"))


def _remove_left_over(folder: Path, before: Holder | None) -> None:
    """Remove what a Snakemake left that held this lock, ended without a word, and ran here."""
    left = _left_over(folder)
    if not left or before is None:
        return
    if before.host != Holder.here().host:
        raise WorkflowError(
            f"This folder was locked on {before.host} by {before.words}.\n"
            "If no snakemake runs there any more: snakemake --unlock"
        )
    for path in left:
        path.unlink(missing_ok=True)
    _tell(f"{_killed(before)}; its lock is removed, what it had finished stays")


def _killed(before: Holder) -> str:
    return f"an earlier snakemake (pid {before.pid}, since {before.since}) was killed"


def _tell(line: str) -> None:
    print(f"tfscale: {line}", file=sys.stderr)
