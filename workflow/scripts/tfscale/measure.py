"""One run: a cell timed in fresh processes, in one round."""

from datetime import datetime

from tfscale import isolation
from tfscale.saved_model import verify
from tfscale.visit import visit


def measure(
    cell: str, axes: dict, round_number: int, seed: int, protocol: dict, inputs: int,
    saved_model: str, arrays: str, expected_sha256: str,
) -> list[dict]:  # fmt: skip
    """Make the visits of a run and return one row a visit, without the derived columns.

    `protocol` holds protocol, visits, min_time_s, min_calls, isolation, time_limit_s and, for the
    paper's protocol, passes. Raises StudyError naming the cell when a visit fails.
    """
    verify(saved_model, expected_sha256)
    request = {
        "saved_model": saved_model,
        "arrays": arrays,
        "inputs": inputs,
        "axes": axes,
        "protocol": protocol,
    }
    rows = []
    for number in range(1, protocol["visits"] + 1):
        answer = _isolated(request, protocol)
        answer["started"] = datetime.fromisoformat(answer["started"])
        rows.append(
            {"cell": cell, "seed": seed, "round": round_number, "visit": number}
            | axes
            | {"isolation": protocol["isolation"], "protocol": protocol["protocol"]}
            | answer
        )
        print(f"visit {number} of {protocol['visits']}: {len(answer['durations_ns'])} calls")
    return rows


def _isolated(request: dict, protocol: dict) -> dict:
    limit_s = protocol["time_limit_s"]
    if protocol["isolation"] == "exec":
        return isolation.run_executed("tfscale.visit", request, limit_s)
    return isolation.run_forked(visit, request, limit_s)
