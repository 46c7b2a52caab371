"""The child's side of a visit: it ends with its parent, says how it failed, and leaves at once."""

import ctypes
import json
import os
import runpy
import signal
import sys
import traceback
from collections.abc import Callable
from typing import NoReturn

from tfscale.errors import StudyError

PR_SET_PDEATHSIG = 1
ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
FAILED = 1
LONGEST_MESSAGE = 300
LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None
"""Opened when this module is imported, not between a fork and its first step."""


def perform(task: Callable[[], object], parent: int, sender: int) -> NoReturn:
    """Write what the task answers, or the error that it raised, as JSON to `sender`; then leave.

    The parent's clean-up (`finally`, atexit) is never run. An error's traceback goes to the log
    and the exit status is 1.
    """
    status = FAILED
    try:
        _end_with(parent)
        for number in ENDINGS:
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDINGS)
        try:
            message = json.dumps({"answer": task()})
            status = 0
        except BaseException as error:
            traceback.print_exc()
            message = json.dumps({"error": in_one_line(error)})
        _write(sender, message.encode())
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(status)


def in_one_line(error: BaseException) -> str:
    """The type and the first line of the message; what speaks to the user goes without type."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    first = lines[0][:LONGEST_MESSAGE] if lines else ""
    if isinstance(error, StudyError):
        return first
    return f"{type(error).__name__}: {first}" if first else type(error).__name__


def _end_with(parent: int) -> None:
    """Have the kernel kill this process when its parent has ended, however that ended (Linux)."""
    if LIBC is not None:
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:  # it ended before the kernel had been asked
        os._exit(FAILED)


def _write(descriptor: int, content: bytes) -> None:
    while content:
        content = content[os.write(descriptor, content) :]


if __name__ == "__main__":
    owner, descriptor, name = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    sys.argv[1:] = sys.argv[4:]

    def module() -> None:
        """Run the module as `python -m` does; it writes its own answer."""
        runpy.run_module(name, run_name="__main__", alter_sys=True)

    perform(module, owner, descriptor)
