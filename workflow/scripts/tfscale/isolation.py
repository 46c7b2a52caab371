"""A fresh process for each visit: forked from a parent that only imported TensorFlow, or executed.

A process that has run an operation of TensorFlow must not fork (its thread pools do not follow),
hence the check of the parent's threads.
"""

import json
import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

from tfscale.errors import StudyError

TASKS = Path("/proc/self/task")


def run_forked(task: Callable[[dict], dict], request: dict, limit_s: float) -> dict:
    """The answer of `task(request)` from a forked child.

    Raises StudyError when this process has more than one thread, and when the child fails, dies
    or takes longer than `limit_s` seconds.
    """
    if TASKS.exists() and (threads := len(list(TASKS.iterdir()))) > 1:
        raise StudyError(
            f"the parent of the visits has {threads} threads and cannot fork safely: "
            "set timing.isolation to exec"
        )
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    child = context.Process(target=_answer, args=(task, request, sender))
    child.start()
    sender.close()
    try:
        if not receiver.poll(limit_s):
            raise StudyError(f"a visit took longer than {limit_s:g} s (timing.time_limit_s)")
        answer = receiver.recv()
    except EOFError:
        child.join()
        raise StudyError(f"a visit {_ending(child.exitcode)}") from None
    finally:
        child.kill()
        child.join()
    if "error" in answer:
        raise StudyError(f"a visit failed: {answer['error']}")
    return answer


def _answer(task: Callable[[dict], dict], request: dict, sender: Connection) -> None:
    """In the child: send the answer and leave without running the parent's clean-up."""
    try:
        sender.send(task(request))
    except Exception as error:
        sender.send({"error": f"{type(error).__name__}: {error}"})
        raise
    finally:
        sender.close()
        os._exit(0)


def run_executed(module: str, request: dict, limit_s: float) -> dict:
    """The answer of `python -m module <request> <answer>` in a new interpreter; raises likewise."""
    with tempfile.TemporaryDirectory(prefix="tfscale-") as folder:
        question, answer = Path(folder, "request.json"), Path(folder, "answer.json")
        question.write_text(json.dumps(request))
        command = [sys.executable, "-m", module, str(question), str(answer)]
        environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])}
        try:
            done = subprocess.run(command, env=environment, timeout=limit_s, check=False)
        except subprocess.TimeoutExpired:
            raise StudyError(
                f"a visit took longer than {limit_s:g} s (timing.time_limit_s)"
            ) from None
        if done.returncode or not answer.exists():
            raise StudyError(f"a visit {_ending(done.returncode)}")
        return json.loads(answer.read_text())


def _ending(exitcode: int | None) -> str:
    if exitcode is not None and exitcode < 0:
        return f"was killed by signal {signal.Signals(-exitcode).name} (out of memory?)"
    return f"ended with status {exitcode}"
