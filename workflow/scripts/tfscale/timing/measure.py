"""One run: a cell timed in fresh processes, in one round, until its interval is narrow enough."""

from dataclasses import dataclass
from datetime import datetime
from time import monotonic

from tfscale.models.saved_model import verify
from tfscale.timing.calibration import reference
from tfscale.timing.disturbance import disturbance
from tfscale.timing.fresh import fresh_visit
from tfscale.timing.so_far import SoFar, clean
from tfscale.timing.stopping import fewest_visits, nothing_to_do, reason_to_stop
from tfscale.units import seconds


@dataclass(frozen=True)
class Subject:
    """What a run times: the cell by name and axes, and the files of its model and inputs."""

    cell: str
    axes: dict
    saved_model: str
    sha256: str
    arrays: str
    inputs: int


def measure(
    subject: Subject,
    protocol: dict,
    number: int,
    earlier: SoFar,
    reference_s: float | None,
) -> tuple[list[dict], str]:
    """Make the visits of a run: one row a visit, and the reason why no more were made.

    A further round makes none where the earlier ones were precise enough, or took too long.

    `protocol` holds the timing section of the configuration (and, for the paper's protocol, the
    passes), `number` is that of the round, `earlier` what the rounds before it found,
    `reference_s` the calibration of an undisturbed machine, where it is known. Raises
    StudyError when a visit fails.
    """
    if reason := nothing_to_do(earlier, protocol):
        return [], reason
    verify(subject.saved_model, subject.sha256)
    fewest = fewest_visits(number, len(earlier.medians_s), protocol)
    rows: list[dict] = []
    start = monotonic()
    while True:
        rows.append(_visit(subject, protocol, rows, reference_s))
        _flag(rows, reference_s)
        elapsed_s = monotonic() - start
        reason = reason_to_stop(clean(rows), earlier, len(rows), elapsed_s, fewest, protocol)
        print(_progress(rows[-1]), flush=True)
        if reason:
            return rows, reason


def _visit(subject: Subject, protocol: dict, rows: list[dict], reference_s: float | None) -> dict:
    """The next visit after `rows`; it waits with what is left of the run's patience."""
    request = {
        "name": subject.cell,
        "saved_model": subject.saved_model,
        "arrays": subject.arrays,
        "inputs": subject.inputs,
        "axes": subject.axes,
        "protocol": protocol,
        "reference_s": _calm(rows, reference_s) if rows else reference_s,
        "patience_s": protocol["patience_s"] - sum(row["waited_s"] for row in rows),
    }
    answer = fresh_visit(request)
    return subject.axes | answer | {
        "visit": len(rows) + 1,
        "started": datetime.fromisoformat(answer["started"]),
        "protocol": protocol["protocol"],
    }  # fmt: skip


def _flag(rows: list[dict], reference_s: float | None) -> None:
    """Mark the disturbed visits; a later, calmer one may show that an earlier was disturbed."""
    calm_s = _calm(rows, reference_s)
    for row in rows:
        row["disturbed_reason"] = disturbance(row, calm_s)
        row["disturbed"] = bool(row["disturbed_reason"])


def _calm(rows: list[dict], reference_s: float | None) -> float:
    """The calmer of the machine's and the run's own reference (s)."""
    calibrations_s = [row[f"calibration_{when}_s"] for row in rows for when in ("before", "after")]
    own_s = reference(calibrations_s)
    return own_s if reference_s is None else min(own_s, reference_s)


def _progress(row: dict) -> str:
    mark = f"; disturbed: {row['disturbed_reason']}" if row["disturbed"] else ""
    return f"visit {row['visit']}: {seconds(row['p50_s'])} over {row['calls']} calls{mark}"
