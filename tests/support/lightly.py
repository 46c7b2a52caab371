"""Visits without TensorFlow: a parent (`lightly.py fork hang 30 pid_file`) and their module."""

import json
import os
import signal
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "workflow" / "scripts"))

from tfscale.errors import StudyError
from tfscale.jobs.processes import run_executed, run_forked

BIG = 100_000
HOG_BYTES = 300_000_000


def answer(request: dict) -> dict:
    return {"durations_ns": list(range(BIG))}


def start_another(request: dict) -> dict:
    """Answer while a process of its own, which holds its end of the pipe, goes on."""
    if os.fork() == 0:
        time.sleep(15)
        os._exit(0)
    return answer(request)


def fail(request: dict) -> dict:
    raise ValueError("no such signature\nand a second line")


def leave(request: dict) -> dict:
    os._exit(3)


def hang(request: dict) -> dict:
    time.sleep(60)
    return {}


def stubborn(request: dict) -> dict:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    return hang(request)


def hog(request: dict) -> dict:
    memory = b"x" * HOG_BYTES
    os.kill(os.getpid(), signal.SIGKILL)
    return {"size": len(memory)}


def starve(request: dict) -> dict:
    raise MemoryError("cannot allocate memory")


def stop(request: dict) -> dict:
    os.kill(os.getpid(), signal.SIGTERM)
    return hang(request)


def crash(request: dict) -> dict:
    os.kill(os.getpid(), signal.SIGSEGV)
    return hang(request)


def visit(request: dict) -> dict:
    Path(request["pid_file"]).write_text(str(os.getpid()))
    return globals()[request["task"]](request)


def parent(variant: str, task: str, limit_s: str, pid_file: str) -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's & would ignore it
    signal.signal(signal.SIGHUP, signal.SIG_DFL)  # and nohup this one
    request = {"task": task, "pid_file": pid_file}
    try:
        if variant == "fork":
            got = run_forked(visit, request, float(limit_s), name="mlp_w8")
        else:
            got = run_executed("lightly", request, float(limit_s), name="mlp_w8")
        print(f"{len(got['durations_ns'])} durations")
    except StudyError as error:
        print(error)
    finally:
        print("cleaned")


if __name__ == "__main__":
    if len(sys.argv) == 3:
        request_path, answer_path = map(Path, sys.argv[1:])
        answer_path.write_text(json.dumps(visit(json.loads(request_path.read_text()))))
    else:
        parent(*sys.argv[1:])
