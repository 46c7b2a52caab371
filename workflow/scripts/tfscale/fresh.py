"""A visit in a fresh process, by fork or by a new interpreter."""

from time import monotonic

from tfscale import isolation
from tfscale.derived import derived
from tfscale.visit import visit


def fresh_visit(request: dict) -> dict:
    """The answer of a visit with its derived columns and its whole time `visit_s`.

    `request["protocol"]` says by isolation how the process is made, and by time_limit_s when it
    is given up. Raises StudyError with `request["name"]` in front when the visit fails.
    """
    protocol, name = request["protocol"], request["name"]
    limit_s = protocol["time_limit_s"]
    start = monotonic()
    if protocol["isolation"] == "exec":
        answer = isolation.run_executed("tfscale.visit", request, limit_s, name)
    else:
        answer = isolation.run_forked(visit, request, limit_s, name)
    return answer | derived(answer) | {"visit_s": monotonic() - start}
