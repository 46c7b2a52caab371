"""From a trained model to the file and the log of one run."""

import json
import platform
from pathlib import Path
from statistics import median

import pandas as pd

from tfscale import runs, summary
from tfscale.cpu_watch import Watch
from tfscale.earlier import earlier_medians
from tfscale.environment import environment, identity
from tfscale.facts import read_facts
from tfscale.fresh import apart
from tfscale.host import warnings_since
from tfscale.measure import Subject, clean, measure


def run(
    cell: str, axes: dict, place: dict, protocol: dict, evaluation: dict, inputs: dict, output: str
) -> str:
    """Time a cell in one round, write its Parquet file and log, and return its result line, which
    is empty when a further round found nothing to do.

    `place` holds the study's seed and the round; `inputs` names the files facts, saved_model,
    predictions, arrays, machine and earlier (those of earlier rounds). Nothing that starts a
    thread is called before the last visit: its parent has one.
    """
    facts = read_facts(inputs["facts"])
    subject = Subject(
        cell, axes, inputs["saved_model"], facts["saved_model_sha256"], inputs["arrays"],
        evaluation["inputs"],
    )  # fmt: skip
    watch, earlier_s = Watch.begin(), _earlier(inputs["earlier"])
    rows, reason = measure(
        subject, protocol, place["round"], earlier_s, _reference(inputs["machine"])
    )
    noticed = warnings_since(watch, axes["threads"])
    here = environment()
    record = {
        "stop_reason": reason,
        "environment": here,
        "environment_id": identity(here),
        "warnings": noticed,
        "walk": Path(output).parts[-3],
        "cell": cell,
        "round": place["round"],
        "saved_model_sha256": facts["saved_model_sha256"],
    }
    runs.write(output, [place | {"cell": cell} | row for row in rows], record)
    medians_s = [*earlier_s, *clean(rows)] or [row["p50_s"] for row in rows]
    print(summary.paper_lines(cell, median(medians_s), axes["batch_size"], **evaluation))
    print(summary.prediction_lines(pd.read_parquet(inputs["predictions"])))
    line = summary.result_line(cell, medians_s, axes["batch_size"], protocol["coverage"], reason)
    print("\n".join([*noticed, line]))
    return line if rows else ""


def _earlier(paths: list[str]) -> list[float]:
    """The clean medians (s) of earlier rounds."""
    return apart(earlier_medians, {"paths": paths})["medians_s"]


def _reference(path: str) -> float | None:
    """The calibration of an undisturbed machine (s), unless the file is of another host."""
    known = json.loads(Path(path).read_text())
    return known["reference_s"] if known["host"] == platform.node() else None
