"""How long the whole analysis takes: a study's own tables, and ten thousand cells."""

import tempfile
from itertools import product
from pathlib import Path
from time import perf_counter

import numpy as np
import pandas as pd

from bench.options import Options
from bench.outcome import Outcome, ratio_at_most
from bench.study import project_config
from bench.text_table import text_table
from tfscale.analysis.fit import fit
from tfscale.analysis.material import Plan
from tfscale.axes import cell_name, defaults
from tfscale.files.parquet import write_parquet
from tfscale.study.config import plan
from tfscale.study.work import work_columns

TITLE = "Time of the whole analysis with its bootstraps: a study, and 10,000 simulated cells"
STUDY_LIMIT_S, WIDE_LIMIT_S = 60.0, 600.0
VISITS, NOISE = 6, 0.03
LAYERS, CONVS, SIZES = (4, 6, 8, 10), (3, 4, 5, 6, 8), (28, 40, 56, 80, 112)
BATCHES = tuple(range(1, 101))


def bench(options: Options) -> list[Outcome]:
    """Seconds for both, as shares of what is allowed."""
    made = {"10,000 simulated cells": (simulated(), WIDE_LIMIT_S)}
    if options.study_path:
        study = options.study
        visits = pd.read_parquet(study.results / "visits.parquet")
        made = {f"{len(study.cells)} cells": ((study.cells, visits), STUDY_LIMIT_S)} | made
    rows, outcomes = [], []
    for name, ((cells, visits), limit_s) in made.items():
        taken_s = seconds_of(cells, visits)
        rows.append((name, len(visits), taken_s, limit_s))
        outcomes.append(
            ratio_at_most(f"analysis of {name}, share of {limit_s:g} s", taken_s / limit_s, 1.0)
        )
    print(text_table(["tables", "visits", "seconds", "allowed"], rows))
    return outcomes


def seconds_of(cells: pd.DataFrame, visits: pd.DataFrame) -> float:
    """Wall seconds of `fit` on these tables, as the rule calls it."""
    config = project_config()
    with tempfile.TemporaryDirectory(prefix="tfscale-bench-") as folder:
        roofs = pd.DataFrame(columns=["host", "threads", "peak_gflop_per_s", "peak_gbyte_per_s"])
        tables = {"cells": cells, "runs": visits, "roofs": roofs}
        for name, table in tables.items():
            write_parquet(Path(folder, f"{name}.parquet"), table)
        start = perf_counter()
        fit(
            f"{folder}/cells.parquet", f"{folder}/runs.parquet", f"{folder}/roofs.parquet",
            imports=[], coverage=config["timing"]["coverage"],
            plan=Plan(**plan(config)), folder=folder,
        )  # fmt: skip
        return perf_counter() - start


def simulated(seed: int = 1) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Cells of overhead + work, and their visits with lognormal noise."""
    rng = np.random.default_rng(seed)
    rows = []
    for layers, conv, size, batch in product(LAYERS, CONVS, SIZES, BATCHES):
        axes = defaults() | {"model": "mnist", "layers": layers, "batch_size": batch,
                             "conv_size": conv, "input_size": size}  # fmt: skip
        work = work_columns(axes, 0)
        latency_s = 2e-4 + batch * work["flop_per_example"] / 1e11
        rows.append(
            {"cell": cell_name(axes), "machine": "simulated", "host": "simulated",
             "called_batch": batch, "latency_s": latency_s, "half_width": NOISE,
             "latency_low_s": latency_s, "latency_high_s": latency_s,
             "pass_mean_s": latency_s * 2000 / batch, "throughput_per_s": batch / latency_s}
            | axes | work
        )  # fmt: skip
    cells = pd.DataFrame(rows)
    visits = cells.loc[cells.index.repeat(VISITS), ["cell", "machine", "latency_s"]]
    visits = visits.reset_index(drop=True)
    number = np.arange(len(visits))
    started = pd.Timestamp("2026-01-01", tz="UTC") + pd.to_timedelta(number, unit="s")
    return cells, visits.assign(
        round=1 + number % VISITS // (VISITS // 2), visit=1 + number % (VISITS // 2),
        disturbed=False, started=started,
        latency_s=visits["latency_s"] * np.exp(rng.normal(0, NOISE, len(visits))),
    )  # fmt: skip
