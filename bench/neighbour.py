"""A deliberate neighbour on the visit's CPU: are its visits flagged, and quiet ones not?"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd

from bench import ROOT
from bench.options import Options
from bench.outcome import Outcome, SkippedError, share_at_least, share_at_most
from bench.study import Study, project_config
from bench.text_table import text_table
from bench.visits import parent_environment
from tfscale.study import config as sections

TITLE = "A busy neighbour on the visit's CPU, runs with and without it by turns"
CELLS = [("mnist", 0.0), ("mnist", 0.5)]
RUNS, VISITS, FLAGGED, FALSE_ALARMS = 4, 5, 0.9, 0.1
HOG = """
import os
os.sched_setaffinity(0, [{cpu}])
while os.getppid() == {parent}:
    for _ in range(10**6):
        pass
"""


def bench(options: Options) -> list[Outcome]:
    """Share of visits flagged beside the hog, and on the machine as it is."""
    study, rows = options.study, []
    for model, rank in CELLS:
        cell = study.pick(model, rank)
        for number in range(1, RUNS + 1):
            rows += [_flags(study, cell, number, False), _flags(study, cell, number, True)]
    table = pd.concat(rows)
    header = ["cell", "neighbour", "visits", "flagged", "median µs", "reasons"]
    print(text_table(header, [_line(key, part) for key, part in table.groupby(["cell", "hog"])]))
    beside, quiet = (table.loc[table["hog"] == hog, "disturbed"].mean() for hog in (True, False))
    return [
        share_at_least("visits beside the neighbour flagged", float(beside), FLAGGED),
        share_at_most("visits without it flagged", float(quiet), FALSE_ALARMS),
    ]


def rows_of_run(study: Study, cell: str, round_number: int) -> pd.DataFrame:
    """The visits of one run, through the same entry as the rule measure's."""
    folder, config = study.model_folder(cell), project_config()
    request = study.request(cell, visits=VISITS, max_visits=VISITS, patience_s=0)  # no way out
    with tempfile.TemporaryDirectory(prefix="tfscale-") as temporary:
        output, arguments = Path(temporary, "run.parquet"), Path(temporary, "arguments.json")
        files = {name: str(folder / name) for name in ("saved_model", "predictions.parquet")}
        given = {
            "cell": cell,
            "axes": request["axes"],
            "place": {"seed": config["seed"], "round": round_number},
            "protocol": request["protocol"],
            "evaluation": sections.evaluation(config),
            "inputs": {
                "facts": str(folder / "facts.json"),
                "saved_model": files["saved_model"],
                "predictions": files["predictions.parquet"],
                "arrays": request["arrays"],
                "machine": str(study.results / "machine.json"),
                "earlier": [],
            },
            "output": str(output),
        }
        arguments.write_text(json.dumps(given))
        done = subprocess.run(
            [sys.executable, "-m", "bench.cell_run", str(arguments)], cwd=ROOT, check=False,
            env=parent_environment(request["axes"]["threads"]), capture_output=True, text=True,
        )  # fmt: skip
        if done.returncode:
            raise SkippedError(f"a run failed: {done.stderr[-800:]}")
        return pd.read_parquet(output)


@contextmanager
def hog(beside: bool) -> Iterator[subprocess.Popen | None]:
    """One process that keeps the CPU of one-thread visits busy (visit.pin takes the last)."""
    if not beside:
        yield None
        return
    cpu = max(os.sched_getaffinity(0))
    process = subprocess.Popen([sys.executable, "-c", HOG.format(cpu=cpu, parent=os.getpid())])
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def _flags(study: Study, cell: str, number: int, beside: bool) -> pd.DataFrame:
    with hog(beside):
        rows = rows_of_run(study, cell, number)
    if "disturbed" not in rows:
        raise SkippedError("runs have no column `disturbed` yet")
    columns = ["cell", "disturbed", "disturbed_reason", "p50_s"]
    return rows[columns].assign(hog=beside, disturbed=rows["disturbed"].astype(bool))


def _line(key: tuple, part: pd.DataFrame) -> tuple:
    reasons = part.loc[part["disturbed"], "disturbed_reason"].value_counts().head(3)
    shown = "; ".join(f"{reason} ({count})" for reason, count in reasons.items())
    flagged = f"{int(part['disturbed'].sum())} of {len(part)}"
    typical_us = 1e6 * float(part["p50_s"].median())
    return str(key[0]), "yes" if key[1] else "no", len(part), flagged, typical_us, shown
