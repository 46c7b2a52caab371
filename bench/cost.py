"""What a study costs: the formulas of docs/scaling.md against what one really took."""

import json
from pathlib import Path

import pandas as pd
import yaml

from bench.options import Options
from bench.outcome import Outcome, ratio_near_one
from bench.small import Done, done_jobs
from bench.text_table import text_table
from tfscale.console.estimate import TOUCHED_S, Speed, run_s, training_s
from tfscale.study.study import Study

TITLE = "The cost of a study: computed from its configuration, and measured"
TOLERANCE = 0.25


def bench(options: Options) -> list[Outcome]:
    """Computed over measured CPU-seconds of training, and seconds of timing."""
    root = options.study.results.parent
    study = Study.from_config(yaml.safe_load((root / "config.yaml").read_text()))
    speed, rows = _speed(options.study.results), []
    for rule, computed_s in (("train", _training_s), ("measure", _run_s)):
        jobs = [job for job in done_jobs(root, rule) if job.seconds > TOUCHED_S]
        rows.append(
            (rule, len(jobs), sum(computed_s(study, job, speed) for job in jobs),
             sum(job.seconds for job in jobs))
        )  # fmt: skip
    header = ["jobs of", "jobs", "computed s", "measured s", "computed / measured"]
    print(text_table(header, [(*row, row[2] / row[3]) for row in rows if row[3]]))
    return [
        ratio_near_one(f"computed / measured seconds of {rule}", computed / measured, TOLERANCE)
        for rule, _, computed, measured in rows
        if measured
    ]


def _speed(results: Path) -> Speed:
    """The study's machine, as it was looked at before the runs; its roofs."""
    known = json.loads((results / "machine.json").read_text())
    roofs = pd.read_parquet(results / "roofs.parquet").set_index("threads").loc[1]
    return Speed(
        1e9 * float(roofs["peak_gflop_per_s"]), 1e9 * float(roofs["peak_gbyte_per_s"]),
        known["reference_s"], known["slow_share"],
    )  # fmt: skip


def _training_s(study: Study, job: Done, speed: Speed) -> float:
    return training_s(study.model(Path(job.log).stem), study.config, speed)


def _run_s(study: Study, job: Done, speed: Speed) -> float:
    cell, _, number = Path(job.log).stem.rpartition("_round")
    walk = Path(job.log).parent.name
    return run_s(study.cell(cell), walk, study.config, speed, int(number))
