"""What earlier rounds found of the cell that a run times: read in a process of its own."""

from tfscale.timing import runs
from tfscale.timing.environment import environment, identity


def earlier_rounds(request: dict) -> dict:
    """What the run before handed on: `so_far`, by environment, and the identity of the present one
    as `here`. `request["paths"]` names its file, if there was one.

    Runs of another host or environment are no earlier rounds: rows of two are never pooled.
    Raises StudyError when the file is damaged.
    """
    so_far: dict[str, dict] = {}
    for path in request["paths"]:
        so_far |= runs.read(path)[1]["so_far"]
    return {"so_far": so_far, "here": identity(environment())}
