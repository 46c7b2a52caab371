"""One run: earlier rounds, visits, file."""

import json
import platform
from dataclasses import asdict, dataclass
from datetime import datetime
from math import isnan
from pathlib import Path
from statistics import median
from time import monotonic

import pandas as pd

from tfscale.models.saved import read_facts, verify
from tfscale.timing import run_file
from tfscale.timing.calm import reference
from tfscale.timing.counters import Watch
from tfscale.timing.host import warnings_since
from tfscale.timing.machine import environment, identity
from tfscale.timing.protocol import (
    SoFar,
    calls_per_pass,
    clean,
    disturbance,
    fewest_visits,
    median_interval,
    nothing_to_do,
    reason_to_stop,
)
from tfscale.timing.visit import apart, fresh_visit
from tfscale.units import percent, seconds, three


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


def earlier_rounds(request: dict) -> dict:
    """What the run before handed on: `so_far`, by environment, and the identity of the present one
    as `here`. `request["paths"]` names its file, if there was one.

    Runs of another host or environment are no earlier rounds: rows of two are never pooled.
    Raises StudyError when the file is damaged.
    """
    so_far: dict[str, dict] = {}
    for path in request["paths"]:
        so_far |= run_file.read(path)[1]["so_far"]
    return {"so_far": so_far, "here": identity(environment())}


SHOWN = 10


def paper_lines(cell: str, latency_s: float, batch_size: int, inputs: int, passes: int) -> str:
    """Cell, passes, inputs, total and mean time as the paper's scripts printed them."""
    mean_s = latency_s * calls_per_pass(inputs, batch_size)
    return (
        f"{cell}\n{passes} passes of {inputs} inputs\n"
        f"Total time: {passes * mean_s:.6f} s\nMean time: {mean_s:.6f} s"
    )


def prediction_lines(predictions: pd.DataFrame, count: int = SHOWN) -> str:
    """The first predictions as CORRECT or WRONG with actual and predicted label (and review)."""
    lines = []
    for row in predictions.head(count).to_dict("records"):
        verdict = "CORRECT" if row["correct"] else "WRONG"
        line = f"{verdict:<8} Actual: {row['actual']} | Predicted: {row['predicted']}"
        lines.append(f"{line} | {row['review']}" if "review" in row else line)
    return "\n".join(lines)


def result_line(
    cell: str, medians_s: list[float], batch_size: int, coverage: float, reason: str
) -> str:
    """The result of a run in one line: typical latency with its interval, throughput, and why
    the run ended; over the clean visits of this round and the earlier ones."""
    typical = median(medians_s)
    interval = median_interval(medians_s, coverage)
    visits = "1 visit" if len(medians_s) == 1 else f"{len(medians_s)} visits"
    claim = "range" if isnan(interval.coverage) else f"{percent(interval.coverage, 1)} interval"
    within = f" ± {percent(interval.half_width, 1)} ({visits}, {claim})"
    return (
        f"{cell} … {seconds(typical)}{within if len(medians_s) > 1 else f' ({visits})'} "
        f"{three(batch_size / typical)} examples/s; {reason}"
    )


def run(
    cell: str,
    axes: dict,
    seed: int,
    round: int,
    protocol: dict,
    evaluation: dict,
    inputs: dict,
    run_path: str,
) -> str:
    """Time a cell in one round, write its Parquet file and log, and return its result line, which
    is empty when a further round found nothing to do.

    `place` holds the study's seed and the round; `inputs` names the files facts, saved_model,
    predictions, arrays, machine and earlier (that of the round before, in a list that is empty for
    the first). Nothing that starts a thread is called before the last visit: its parent has one.
    """
    place = {"seed": seed, "round": round}
    count = protocol["processes"]
    old = {
        "visits": count,
        "max_visits": count,
        "precision": 0.05,
        "time_cap_s": 600,
        "patience_s": 0,
    }
    protocol = protocol | old | {"protocol": protocol["protocol"].replace("short", "visits")}
    facts = read_facts(inputs["facts"])
    subject = Subject(
        cell, axes, inputs["saved_model"], facts["saved_model_sha256"], inputs["arrays"],
        evaluation["inputs"],
    )  # fmt: skip
    watch, found = Watch.begin(), apart(earlier_rounds, {"paths": []})
    earlier = SoFar(**found["so_far"].get(found["here"], {}))
    rows, reason = measure(
        subject, protocol, place["round"], earlier, _reference(inputs["machine"])
    )
    so_far = earlier.and_visits(rows)
    noticed = warnings_since(watch, axes["threads"])
    here = environment()
    record = {
        "stop_reason": reason,
        "environment": here,
        "environment_id": identity(here),
        "warnings": noticed,
        "walk": Path(run_path).parts[-3],
        "cell": cell,
        "round": place["round"],
        "saved_model_sha256": facts["saved_model_sha256"],
        "so_far": found["so_far"] | {found["here"]: asdict(so_far)},
    }
    run_file.write(run_path, [place | {"cell": cell} | row for row in rows], record)
    medians_s = so_far.medians_s or [row["p50_s"] for row in rows]
    print(paper_lines(cell, median(medians_s), axes["batch_size"], **evaluation))
    print(prediction_lines(pd.read_parquet(inputs["predictions"])))
    line = result_line(cell, medians_s, axes["batch_size"], protocol["coverage"], reason)
    print("\n".join([*noticed, line]))
    return line if rows else ""


def _reference(path: str) -> float | None:
    """The calibration of an undisturbed machine (s), unless the file is of another host."""
    known = json.loads(Path(path).read_text())
    return known["reference_s"] if known["host"] == platform.node() else None
