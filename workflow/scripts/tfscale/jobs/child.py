"""The child's side of a visit: it ends with its parent, says how it failed, and leaves at once."""

import json
import os
import runpy
import signal
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from typing import NoReturn

from tfscale.errors import StudyError
from tfscale.jobs.tether import end_with

ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
SIGNALLED = 128
"""A process ended by signal n has exit status 128 + n in a shell."""
STOPPED = {SIGNALLED + number: number.name for number in ENDINGS}
FAILED = 1
LONGEST_MESSAGE = 300


def perform(task: Callable[[], object], parent: int, sender: int) -> NoReturn:
    """Write what the task answers, or the error that it raised, as JSON to `sender`; then leave.

    The parent's clean-up (`finally`, atexit) is never run. An error's traceback goes to the log
    and the exit status is 1.
    """
    status = FAILED
    try:
        end_with(parent)
        for number in ENDINGS:
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDINGS)
        try:
            message = json.dumps({"answer": task()})
            status = 0
        except BaseException as error:
            with suppress(OSError):  # on a full disk the log takes no more
                traceback.print_exc()
            message = json.dumps({"error": in_one_line(error)})
        _write(sender, message.encode())
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(status)


def in_one_line(error: BaseException) -> str:
    """The type and the first line of the message; what speaks to the user goes without type."""
    if isinstance(error, SystemExit) and error.code in STOPPED:
        return f"was stopped by {STOPPED[error.code]}: type the same command again"
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    first = lines[0][:LONGEST_MESSAGE] if lines else ""
    if isinstance(error, StudyError):
        return first
    return f"{type(error).__name__}: {first}" if first else type(error).__name__


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
