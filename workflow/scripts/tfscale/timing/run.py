"""From a trained model to the file and the log of one run."""

import json
import platform
from dataclasses import asdict
from pathlib import Path
from statistics import median

import pandas as pd

from tfscale.models.facts import read_facts
from tfscale.timing import runs, summary
from tfscale.timing.cpu_watch import Watch
from tfscale.timing.earlier import earlier_rounds
from tfscale.timing.environment import environment, identity
from tfscale.timing.fresh import apart
from tfscale.timing.host import warnings_since
from tfscale.timing.measure import Subject, measure
from tfscale.timing.so_far import SoFar


def run(
    cell: str, axes: dict, place: dict, protocol: dict, evaluation: dict, inputs: dict, output: str
) -> str:
    """Time a cell in one round, write its Parquet file and log, and return its result line, which
    is empty when a further round found nothing to do.

    `place` holds the study's seed and the round; `inputs` names the files facts, saved_model,
    predictions, arrays, machine and earlier (that of the round before, in a list that is empty for
    the first). Nothing that starts a thread is called before the last visit: its parent has one.
    """
    facts = read_facts(inputs["facts"])
    subject = Subject(
        cell, axes, inputs["saved_model"], facts["saved_model_sha256"], inputs["arrays"],
        evaluation["inputs"],
    )  # fmt: skip
    watch, found = Watch.begin(), apart(earlier_rounds, {"paths": inputs["earlier"]})
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
        "walk": Path(output).parts[-3],
        "cell": cell,
        "round": place["round"],
        "saved_model_sha256": facts["saved_model_sha256"],
        "so_far": found["so_far"] | {found["here"]: asdict(so_far)},
    }
    runs.write(output, [place | {"cell": cell} | row for row in rows], record)
    medians_s = so_far.medians_s or [row["p50_s"] for row in rows]
    print(summary.paper_lines(cell, median(medians_s), axes["batch_size"], **evaluation))
    print(summary.prediction_lines(pd.read_parquet(inputs["predictions"])))
    line = summary.result_line(cell, medians_s, axes["batch_size"], protocol["coverage"], reason)
    print("\n".join([*noticed, line]))
    return line if rows else ""


def _reference(path: str) -> float | None:
    """The calibration of an undisturbed machine (s), unless the file is of another host."""
    known = json.loads(Path(path).read_text())
    return known["reference_s"] if known["host"] == platform.node() else None
