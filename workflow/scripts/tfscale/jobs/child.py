"""The side of a fresh process: it does one task, leaves its answer in a file, and is gone.

`python -m tfscale.jobs.child <folder>` is the new interpreter of such a task; a fork of the warm
parent calls `perform` itself.
"""

import json
import os
import signal
import sys
import tempfile
import traceback
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import NoReturn

from tfscale.errors import StudyError, reason
from tfscale.jobs.log import end_with, print_in_utf8

REQUEST, ANSWER = "request.json", "answer.json"
ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def perform(folder: str, parent: int) -> NoReturn:
    """Do the task in `folder`, write its answer or its error there as JSON, and leave.

    The request says function (`package.module:function`), arguments, folder and variables. Ends
    with the process `parent`; nothing of that one's clean-up (`finally`, atexit) is run. The
    traceback of an error goes to the log, and the exit status is then 1; where nothing can be
    written (a full disk) it is the number of the system's error.
    """
    status = 1
    try:
        end_with(parent)
        for number in ENDINGS:
            if signal.getsignal(number) != signal.SIG_IGN:  # as nohup has it
                signal.signal(number, signal.SIG_DFL)
        try:
            print_in_utf8()
            request = json.loads(Path(folder, REQUEST).read_text())
            answer = json.dumps({"answer": _work(request)})
            status = 0
        except BaseException as error:
            with suppress(OSError):  # on a full disk the log takes no more
                traceback.print_exc()
            answer = json.dumps({"error": in_one_line(error)})
        try:
            Path(folder, ANSWER).write_text(answer)
            sys.stdout.flush()
            sys.stderr.flush()
        except OSError as error:  # a full disk: the status alone can say so
            Path(folder, ANSWER).unlink(missing_ok=True)
            status = error.errno or status
    finally:
        os._exit(status)


def _work(request: dict) -> object:
    """Do a task as if its process had been started for it: its folder, variables and code."""
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["variables"])
    tempfile.tempdir = None  # a fork's would be that of its parent
    module, function = request["function"].split(":")
    return getattr(import_module(module), function)(**request["arguments"])


def in_one_line(error: BaseException) -> str:
    """The type and the first line of the message; what speaks to the user goes without type.

    >>> in_one_line(ValueError("too small: 3\\nmore"))
    'ValueError: too small: 3'
    """
    kind, said = type(error).__name__, reason(error)
    return said if isinstance(error, StudyError) or said == kind else f"{kind}: {said}"


if __name__ == "__main__":
    perform(sys.argv[1], os.getppid())
