"""What a fresh process does for its run: it times the cell, and the last one writes the file."""

import json
from datetime import datetime
from pathlib import Path
from statistics import median

import pandas as pd

from tfscale.axes import adopt
from tfscale.jobs.processes import must_execute
from tfscale.models.saved import read_facts
from tfscale.runtimes.calls import module_of
from tfscale.timing import run_file
from tfscale.timing.calm import reference
from tfscale.timing.host import settings_warnings
from tfscale.timing.machine import identity
from tfscale.timing.process import time_cell
from tfscale.timing.protocol import calls_per_pass, disturbance
from tfscale.timing.versions import environment
from tfscale.units import seconds, three

SHOWN = 10
"""Predictions in the log."""


def time_process(cell: dict, files: dict, settings: dict, rows: list[str], last: bool) -> str:
    """Time a cell here and keep the row in the last of the files `rows`; the `last` process of a
    run writes its file. Returns what it found in a line.

    A cell whose model its runtime cannot take is not timed: its file says why.

    `cell` holds cell, round, seed, axes and its families; `files` model, facts, predictions,
    arrays, told (see `convert`; empty of a SavedModel) and output; `settings` protocol,
    evaluation (inputs), passes and made (see `checksums.made`). Whether a process was disturbed is
    judged again when all runs are there (see `merge`).
    """
    adopt(cell["families"])
    axes, protocol = cell["axes"], settings["protocol"]
    told = json.loads(Path(files["told"]).read_text()) if files.get("told") else {}
    here = environment(module_of(axes["runtime"]).PACKAGES)
    warnings = settings_warnings(axes["threads"])  # before it is pinned
    facts, inputs = read_facts(files["facts"]), settings["evaluation"]["inputs"]
    record = {
        "cell": cell["cell"],
        "round": cell["round"],
        "environment": here,
        "environment_id": identity(here),
        "warnings": warnings,
        "saved_model_sha256": facts["saved_model_sha256"],
        "made": settings["made"],
    }
    if "reason" in told:
        refused = f"{axes['runtime']} cannot take it: {told['reason']}"
        about = {"model": axes["model"], "refused": refused}
        run_file.write(files["output"], [], record | about)
        return f"{cell['cell']} … {refused}"
    timed = {"axes": axes, "inputs": facts["inputs"], "seed": cell["seed"]}
    row = time_cell(timed, files["model"], files["arrays"] or None, inputs, protocol)
    calm_s = reference([row["calibration_before_s"], row["calibration_after_s"]])
    signs = disturbance(axes | row, calm_s)
    row |= {
        "process": len(rows),
        "isolation": "exec" if must_execute() else protocol["isolation"],
        "protocol": protocol["protocol"],
        "disturbed": bool(signs),
        "disturbed_reason": signs,
        "output_difference": told.get("absolute"),
        "output_difference_share": told.get("relative"),
    }
    Path(rows[-1]).write_text(json.dumps(row))
    if not last:
        return result_line(cell["cell"], [row], axes["batch_size"])
    found = [json.loads(Path(path).read_text()) for path in rows]
    run_file.write(files["output"], _table(cell, found), record)
    latency_s = median(row["latency_s"] for row in found)
    print(paper_lines(cell["cell"], latency_s, axes["batch_size"], inputs, settings["passes"]))
    print(prediction_lines(pd.read_parquet(files["predictions"])))
    print("\n".join(warnings))
    return result_line(cell["cell"], found, axes["batch_size"])


def _table(cell: dict, rows: list[dict]) -> list[dict]:
    """The rows of the run's file: what all its processes share, and what each found."""
    shared = {name: cell[name] for name in ("cell", "seed", "round")} | cell["axes"]
    return [shared | row | {"started": datetime.fromisoformat(row["started"])} for row in rows]


def paper_lines(cell: str, latency_s: float, batch_size: int, inputs: int, passes: int) -> str:
    """Cell, passes, inputs, total and mean time as the paper's scripts printed them.

    >>> print(paper_lines("a_cell", 0.001, 64, 2000, 10))
    a_cell
    10 passes of 2000 inputs
    Total time: 0.320000 s
    Mean time: 0.032000 s
    """
    mean_s = latency_s * calls_per_pass(inputs, batch_size)
    return (
        f"{cell}\n{passes} passes of {inputs} inputs\n"
        f"Total time: {passes * mean_s:.6f} s\nMean time: {mean_s:.6f} s"
    )


def prediction_lines(predictions: pd.DataFrame) -> str:
    """The first predictions as CORRECT or WRONG with actual and predicted label (and review)."""
    lines = []
    for row in predictions.head(SHOWN).to_dict("records"):
        verdict = "CORRECT" if row["correct"] else "WRONG"
        line = f"{verdict:<8} Actual: {row['actual']} | Predicted: {row['predicted']}"
        lines.append(f"{line} | {row['review']}" if "review" in row else line)
    return "\n".join(lines)


def result_line(cell: str, rows: list[dict], batch_size: int) -> str:
    """The result of a run in one line, the last one of its log: medians over its processes."""
    latency_s, typical_s = (median(row[name] for row in rows) for name in ("latency_s", "p50_s"))
    disturbed = sum(row["disturbed"] for row in rows)
    marks = f"; disturbed: {rows[0]['disturbed_reason']}" if disturbed and len(rows) == 1 else ""
    if disturbed and len(rows) > 1:
        marks = f"; {disturbed} of {len(rows)} processes disturbed"
    return (
        f"{cell} … {seconds(latency_s)} a call (typically {seconds(typical_s)}), "
        f"{three(batch_size / latency_s)} examples/s{marks}"
    )
