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
    namespace, _, number = os.environ.get(SNAKEMAKE, "").partition(" ")
    if LIBC is not None and namespace and namespace == _namespace() and _has_ended(number):
        os._exit(1)


def _namespace() -> str:
    """Where this process's numbers hold (a container may have its own); empty when not known."""
    with suppress(OSError):
        return str(Path("/proc/self/ns/pid").readlink())
    return ""


def _has_ended(number: str) -> bool:
    """By /proc alone: most rules' environments have no psutil."""
    try:
        state = Path("/proc", number, "stat").read_text().rpartition(")")[2].split()[0]
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
    console = os.fdopen(os.dup(2), "w", buffering=1)
    try:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        with open(path, "w", buffering=1) as log:
            os.dup2(log.fileno(), 1)
            os.dup2(log.fileno(), 2)
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
