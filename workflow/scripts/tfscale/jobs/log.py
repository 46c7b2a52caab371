"""A job's log; it ends with its Snakemake."""

import ctypes
import os
import signal
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tfscale.errors import StudyError

PR_SET_PDEATHSIG = 1
SNAKEMAKE = "TFSCALE_SNAKEMAKE"
"""Names the Snakemake that starts a job to the job: its PID namespace and its number there."""
LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None
"""Opened when this module is imported, not between a fork and its first step."""


def end_with(parent: int, number: int = signal.SIGKILL) -> None:
    """Have the kernel send this process a signal when `parent`, which started it, has ended.

    However that ended; leaves at once, with status 1, when it ended before this was asked. Does
    no more than this last where the system has no such thing (macOS).
    """
    if LIBC is not None:
        LIBC.prctl(PR_SET_PDEATHSIG, int(number), 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def name_snakemake() -> None:
    """Name this process to the jobs that it starts, for `end_with_snakemake`."""
    os.environ[SNAKEMAKE] = f"{_namespace()} {os.getpid()}"


def end_with_snakemake() -> None:
    """Have this job end by SIGTERM with the process that started it, or at once with status 1 when
    the Snakemake that did so was killed before: its place as the parent is then another's."""
    end_with(os.getppid(), signal.SIGTERM)
    snakemake = snakemake_process()
    if LIBC is not None and snakemake is not None and _has_ended(snakemake):
        os._exit(1)


def snakemake_process() -> int | None:
    """The number of the Snakemake that started this job, if that runs on this machine."""
    namespace, _, number = os.environ.get(SNAKEMAKE, "").partition(" ")
    return int(number) if number and namespace == _namespace() else None


def print_in_utf8() -> None:
    """Print line by line, and in UTF-8 whatever the locale: no sign in a log may fail a job."""
    sys.stdout, sys.stderr = (
        os.fdopen(number, "w", 1, encoding="utf-8", errors="backslashreplace", closefd=False)
        for number in (1, 2)
    )


def _namespace() -> str:
    """Where this process's numbers hold (a container may have its own); empty when not known."""
    with suppress(OSError):
        return str(Path("/proc/self/ns/pid").readlink())
    return ""


def _has_ended(number: int) -> bool:
    """By /proc alone: most rules' environments have no psutil."""
    try:
        state = Path("/proc", str(number), "stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return True
    return state in "ZX"


@contextmanager
def logged(path: str) -> Iterator[None]:
    """Send file descriptors 1 and 2 (so C++ too) to the log.

    An error leaves its traceback in the log, with its message as the last lines, and ends the job
    with status 1. Only where nothing can be written there (a full disk) the console hears why. A
    job ends with the Snakemake that started it.
    """
    end_with_snakemake()
    signal.signal(signal.SIGTERM, _leave)
    console = os.fdopen(os.dup(2), "w", 1, encoding="utf-8", errors="replace")
    try:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        with open(path, "wb") as log:
            os.dup2(log.fileno(), 1)
            os.dup2(log.fileno(), 2)
        print_in_utf8()
        yield
    except Exception as error:
        known = isinstance(error, StudyError)
        message = str(error) if known else f"{type(error).__name__}: {error}"
        try:
            traceback.print_exc()
            print(f"\nFailed: {message}", file=sys.stderr, flush=True)
        except OSError:
            print(f"{message}\n(log: {path})", file=console)
        raise SystemExit(1) from None


def _leave(number: int, frame: object) -> None:
    """End by an exception, so that what is `finally` is done."""
    raise SystemExit(128 + number)
