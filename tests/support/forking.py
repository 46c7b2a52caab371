"""Forks one task from a process that has only imported TensorFlow; prints the answer or error."""

import os
import signal
import sys
import time
from pathlib import Path

os.environ |= {"OPENBLAS_NUM_THREADS": "1", "JE_ARROW_MALLOC_CONF": "background_thread:false"}
sys.path.insert(0, str(Path(__file__).parents[2] / "workflow" / "scripts"))

import tensorflow as tf

from tfscale.errors import StudyError
from tfscale.jobs.processes import run_forked

PARENT = os.getpid()


def answer(request):
    tf.reduce_sum(tf.ones((64, 64)) @ tf.ones((64, 64)))
    return {"answer": 42, "pid": os.getpid()}


def fail(request):
    raise ValueError("no such signature")


def die(request):
    os.kill(os.getpid(), signal.SIGKILL)


def hang(request):
    time.sleep(60)


def after_operation(request):
    return {}


if __name__ == "__main__":
    name, limit_s = sys.argv[1], float(sys.argv[2])
    if name == "after_operation":
        answer({})
    try:
        got = run_forked(globals()[name], {}, limit_s)
        where = "this" if got["pid"] == PARENT else "another"
        print(f"{got['answer']} from {where} process")
    except StudyError as error:
        print(error)
