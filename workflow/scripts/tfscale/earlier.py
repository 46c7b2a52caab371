"""What earlier rounds found of the cell that a run times: read in a process of its own."""

from tfscale import runs
from tfscale.environment import environment, identity


def earlier_medians(request: dict) -> dict:
    """The medians (s) of the clean visits in the run files `request["paths"]`, as `medians_s`.

    Runs of another host or environment are no earlier rounds: rows of two are never pooled.
    Raises StudyError when a file is damaged.
    """
    here = identity(environment())
    medians_s: list[float] = []
    for path in request["paths"]:
        visits, record = runs.read(path)
        if record["environment_id"] == here:
            rows = visits.select(["p50_s", "disturbed"]).to_pylist()
            medians_s += [row["p50_s"] for row in rows if not row["disturbed"]]
    return {"medians_s": medians_s}
