"""A fresh process for each visit: forked from a parent that only imported TensorFlow, or executed.

A process that has run an operation of TensorFlow must not fork (its thread pools do not follow),
hence the check of the parent's threads. No child outlives its parent: see `attend` and `child`.
"""

import json
import os
import signal
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tfscale.errors import StudyError
from tfscale.jobs.attend import Child
from tfscale.jobs.child import ENDINGS, SIGNALLED, perform

TASKS = Path("/proc/self/task")
SCRIPTS = Path(__file__).parents[2]


def run_forked(task: Callable[[dict], dict], request: dict, limit_s: float, name: str = "") -> dict:
    """The answer of `task(request)` from a forked child; it travels as JSON.

    Raises StudyError, with `name` (the cell's) in front, when this process has more than one
    thread, and when the child fails, dies or takes longer than `limit_s` seconds. A SIGTERM or
    SIGHUP to this process raises SystemExit with status 128 + its number.
    """
    if TASKS.exists() and (threads := len(list(TASKS.iterdir()))) > 1:
        raise StudyError(
            f"{_front(name)}the parent of the visits has {threads} threads and cannot fork safely: "
            "set timing.isolation to exec"
        )
    parent = os.getpid()
    sys.stdout.flush()
    sys.stderr.flush()

    def start(sender: int) -> int:
        pid = os.fork()
        if pid == 0:
            perform(lambda: task(request), parent, sender)
        return pid

    with _signals_raise(), _named(name), Child(start, forked=True) as child:
        return child.answer(limit_s)  # type: ignore[return-value]


def run_executed(module: str, request: dict, limit_s: float, name: str = "") -> dict:
    """The answer of `python -m module <request> <answer>` in a new interpreter; raises likewise."""
    with (
        _signals_raise(),
        tempfile.TemporaryDirectory(prefix="tfscale-") as folder,
        _named(name),
    ):
        question, answer = Path(folder, "request.json"), Path(folder, "answer.json")
        question.write_text(json.dumps(request))
        path = [str(SCRIPTS), *filter(None, [os.environ.get("PYTHONPATH")])]
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(path)}
        command = [sys.executable, "-m", "tfscale.jobs.child", str(os.getpid())]

        def start(sender: int) -> int:
            arguments = [*command, str(sender), module, str(question), str(answer)]
            return os.posix_spawn(
                sys.executable, arguments, environment, setsigmask=(), setsigdef=ENDINGS
            )

        with Child(start, forked=False) as child:
            child.answer(limit_s)
        if not answer.exists():
            raise StudyError("ended without an answer: see the log")
        return json.loads(answer.read_text())


def _front(name: str) -> str:
    return f"{name}: " if name else ""


@contextmanager
def _named(name: str) -> Iterator[None]:
    """Say of which cell the failing visit was."""
    try:
        yield
    except StudyError as error:
        raise StudyError(f"{_front(name)}a visit {error}") from None


@contextmanager
def _signals_raise() -> Iterator[None]:
    """Have the signals that would end this process raise, so that what is `finally` is done.

    Only where nobody else handles them, and only in the main thread: no other may say so.
    """
    ours: list[signal.Signals] = []
    if threading.current_thread() is threading.main_thread():
        ours = [number for number in ENDINGS if signal.getsignal(number) is signal.SIG_DFL]
    for number in ours:
        signal.signal(number, _leave)
    try:
        yield
    finally:
        for number in ours:
            signal.signal(number, signal.SIG_DFL)


def _leave(number: int, frame: object) -> None:
    raise SystemExit(SIGNALLED + number)
