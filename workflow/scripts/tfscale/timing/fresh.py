"""A visit in a fresh process, by fork or by a new interpreter."""

from collections.abc import Callable
from time import monotonic

from tfscale.jobs.isolation import run_executed, run_forked
from tfscale.timing.derived import derived
from tfscale.timing.device import must_execute
from tfscale.timing.visit import visit

TASK_LIMIT_S = 120


def apart(task: Callable[[dict], dict], request: dict) -> dict:
    """The answer of a short task that may start threads: in a forked process, so that this one
    can still fork, or right here where visits are no forks anyway."""
    return task(request) if must_execute() else run_forked(task, request, TASK_LIMIT_S)


def fresh_visit(request: dict) -> dict:
    """The answer of a visit with its derived columns, its whole time `visit_s` and its isolation.

    `request["protocol"]` says by isolation how the process is made (always a new interpreter on
    macOS and with a GPU), and by time_limit_s when it is given up. Raises StudyError with
    `request["name"]` in front when the visit fails.
    """
    protocol, name = request["protocol"], request["name"]
    limit_s = protocol["time_limit_s"]
    start = monotonic()
    isolation = "exec" if must_execute() else protocol["isolation"]
    if isolation == "exec":
        answer = run_executed("tfscale.timing.visit", request, limit_s, name)
    else:
        answer = run_forked(visit, request, limit_s, name)
    made = {"visit_s": monotonic() - start, "isolation": isolation}
    return answer | derived(answer) | made
