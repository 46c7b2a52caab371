"""The parent of visits: imports TensorFlow, runs no operation and forks one child a request.

Reads JSON lines from standard input and answers on the file descriptor of its only argument.
"""

import json
import os
import sys
from importlib import import_module
from time import perf_counter

from tfscale.errors import StudyError
from tfscale.jobs.processes import run_executed, run_forked


def answer(order: dict) -> dict:
    """Make the visit of an order; `wall_s` runs from before the fork to the answer."""
    module, name = order["task"].split(":")
    start = perf_counter()
    try:
        if order["how"] == "exec":
            result = run_executed(module, order["request"], order["limit_s"])
        else:
            task = getattr(import_module(module), name)
            start = perf_counter()
            result = run_forked(task, order["request"], order["limit_s"])
    except StudyError as error:
        return {"error": str(error)}
    return {"answer": result, "wall_s": perf_counter() - start}


if __name__ == "__main__":
    import tfscale.timing.visit  # noqa: F401  (TensorFlow, so that no visit pays for its import)

    with os.fdopen(int(sys.argv[1]), "w", buffering=1) as answers:
        for line in sys.stdin:
            print(json.dumps(answer(json.loads(line))), file=answers)
