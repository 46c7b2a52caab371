"""Made-up studies: cells whose times follow a known truth, their processes, and what is fitted."""

import json
import os
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from paper_work import work_of, works
from paths import ROOT

from tfscale.analysis.fit import fit
from tfscale.analysis.material import Plan, paper_cells
from tfscale.analysis.predictions import predict_cells
from tfscale.analysis.slices import architecture
from tfscale.analysis.work_model import TERMS, design
from tfscale.axes import AXES, FAMILIES
from tfscale.files.parquet import write_parquet
from tfscale.study.grid import cells as grid_cells
from tfscale.tables.cells import paper_table as as_in_the_paper
from tfscale.tables.latency import MEMORY, SIDES

GRID = {"layers": (4, 6, 8, 10), "batch_size": (1, 4, 16, 64), "conv_size": (3, 5, 8)}
START = pd.Timestamp("2026-01-01", tz="UTC")
ROUNDS, CALLS = 5, 40
COSTS = {
    "fixed": 2e-4,
    "conv_flop": 5e-12,
    "conv_spanning_flop": 1e-11,
    "reduction_bytes": 3e-10,
}
"""Seconds a unit of the work model's terms."""
FEW = (
    {"layers": (4,), "conv_size": (3,), "batch_size": (1,)},
    {"layers": (4,), "conv_size": (3,)},
    {"layers": (4, 6), "conv_size": (3,), "batch_size": (1, 64)},
)
"""Grids that are too small for the work model."""
WIDE_GRID = {
    "model": ["mnist"],
    "layers": [4, 6, 8, 10],
    "batch_size": [1, 2, 4, 8, 16, 32, 64, 128, 256, 512],
    "conv_size": [3, 4, 5, 8],
    "input_size": [28],
}
WIDE_CELLS = grid_cells(WIDE_GRID)
"""A grid of 160 cells, of which studies time some."""


def crossed(model="mnist", work: Callable[[dict], dict] = work_of, **levels) -> pd.DataFrame:
    """The cells of a grid with their work, untimed; one of the paper's families has the levels of
    GRID on axes that are not given."""
    paper = FAMILIES[model].paper
    usual = {} if paper is None else GRID | {axis: [value] for axis, value in paper.items()}
    cells = grid_cells({"model": [model]} | usual | levels)
    rows = [
        {"cell": name, "called_batch": cell["batch_size"]} | cell | work(cell)
        for name, cell in cells.items()
    ]
    return pd.DataFrame(rows)


def timed(cells: pd.DataFrame, latency_s: np.ndarray | float, machine="h") -> pd.DataFrame:
    """The cells with a latency, and with all else of cells.parquet that a fit, a figure or the page
    reads."""
    table = cells.assign(machine=machine, host=machine, latency_s=latency_s)
    trained, latency = table["model"].map(lambda model: FAMILIES[model].trained), table["latency_s"]
    return table.assign(
        data=np.where(trained, "builtin", "none"),
        rounds=ROUNDS,
        processes=ROUNDS,
        disturbed_processes=1,
        unsettled_processes=0,
        calls=ROUNDS * CALLS,
        latency_low_s=0.98 * latency,
        latency_high_s=1.02 * latency,
        half_width=0.02,
        coverage=0.9375,
        repeat_half_width=0.03,
        typical_s=1.1 * latency,
        noise=1.1,
        p90_s=1.2 * latency,
        p90_high_s=1.3 * latency,
        p99_s=1.5 * latency,
        p99_high_s=np.nan,
        floor_s=1e-4,
        first_call_s=0.2,
        load_s=0.3,
        memory_timed_bytes=3e8,
        throughput_per_s=table["batch_size"] / latency,
        pass_mean_s=2000 / table["batch_size"] * latency,
        test_accuracy=np.where(trained, 0.8, np.nan),
        parameters=50_000,
        training_examples=np.where(trained, 60_000, 0),
    )


def predicted(cells: pd.DataFrame, grid: dict | list[dict]) -> pd.DataFrame:
    """What the cells say of those of a grid."""
    return predict_cells(cells, {"predict": grid_cells(grid)}, works(), cells)


def costs(**seconds: float) -> np.ndarray:
    """A cost for each term of the work model, 0 for those not given."""
    return np.array([seconds.get(name, 0.0) for name in TERMS])


def work_cells(
    noise=0.02, misfit=0.0, seed=0, machine="h", seconds: dict[str, float] = COSTS, **axes
) -> pd.DataFrame:
    """Cells that follow the work model with a cost of so many `seconds` a unit of each term;
    `noise` is each cell's own, `misfit` what a whole architecture shares."""
    rng = np.random.default_rng(seed)
    cells = crossed(**axes)
    number = architecture(cells)
    shared = rng.normal(0, misfit, number.max() + 1)[number]
    off = np.exp(shared + rng.normal(0, noise, len(cells)))
    return timed(cells, design(cells) @ costs(**seconds) * off, machine)


def grid(
    time=lambda cell: cell["layers"] ** 2.0, noise=0.02, seed=0, machine="h", **axes
) -> pd.DataFrame:
    """Cells whose pass takes `time` (s, of a cell's axes)."""
    rng = np.random.default_rng(seed)
    cells = crossed(**axes)
    pass_s = np.array([time(cell) for cell in cells.to_dict("records")], dtype=float)
    pass_s *= np.exp(rng.normal(0, noise, len(cells)))
    return timed(cells, pass_s * cells["batch_size"] / 2000, machine)


def nominal(cells: pd.DataFrame) -> pd.DataFrame:
    """The same cells as if their batch size had never reached the model."""
    return cells.assign(called_batch=32, latency_s=cells["pass_mean_s"] / 63)


def processes_of(
    cells: pd.DataFrame, noise=0.02, rounds=ROUNDS, each=1, slope=0.0, seed=1
) -> pd.DataFrame:
    """Processes a second apart, each round in a random order; `noise` may be a function of a cell,
    `slope` is what every process is slower by than the one before."""
    rng = np.random.default_rng(seed)
    walks = [cells.sample(frac=1, random_state=n).assign(round=n) for n in range(1, rounds + 1)]
    rows = _repeated(pd.concat(walks), each)
    sizes = [noise(cell) for cell in rows.to_dict("records")] if callable(noise) else noise
    off = rng.normal(0, sizes, len(rows)) + slope * np.arange(len(rows))
    return _processes(rows, rows["latency_s"] * np.exp(off), rng)


def _repeated(cells: pd.DataFrame, times: int) -> pd.DataFrame:
    """Each row so many times, numbered by `process`."""
    rows = cells.iloc[np.repeat(np.arange(len(cells)), times)].reset_index(drop=True)
    return rows.assign(process=np.tile(np.arange(1, times + 1), len(cells)))


def _processes(rows: pd.DataFrame, latency_s, rng: np.random.Generator) -> pd.DataFrame:
    """All of runs.parquet that is read, a second a row: `rows` has cells, rounds and processes."""
    known = [
        "cell",
        "machine",
        "host",
        "round",
        "process",
        *(axis for axis in AXES if axis in rows),
    ]
    table = rows[known].assign(latency_s=latency_s, **dict.fromkeys((*SIDES, *MEMORY), 1.0))
    latency = table["latency_s"]
    calls = latency.to_numpy()[:, None] * rng.uniform(1, 1.5, (len(rows), CALLS)) * 1e9
    return table.assign(
        started=START + pd.to_timedelta(np.arange(len(rows)), "s"),
        p50_s=1.1 * latency,
        p90_s=1.2 * latency,
        p99_s=1.5 * latency,
        calls=CALLS,
        process_s=1.0,
        settled=True,
        disturbed=rows["round"] == 2,
        disturbed_reason=np.where(rows["round"] == 2, "steal 3 %", ""),
        warnings="",
        environment_id=1,
        environment_record=ENVIRONMENT,
        phase=[["first"] + ["timed"] * CALLS] * len(rows),
        durations_ns=[[200_000_000, *row] for row in calls.astype(int).tolist()],
    )


ENVIRONMENT = json.dumps(
    {"host": "h", "cpu_model": "a processor", "version_tensorflow": "2.21.0", "git_commit": "1234"}
)
SIZES = (1, 2, 4, 8, 16, 32, 64, 128)
TRUTHS = {
    "constant": lambda x: 0 * x + 3.0,
    "log": lambda x: 1 + 2 * np.log(x),
    "linear": lambda x: 4 + x,
    "n log n": lambda x: 4 + x * np.log(x),
    "x²": lambda x: 9 + x**2,
    "power": lambda x: 2 * x**0.6,
    "power + c": lambda x: 6 + x**1.5,
    "exponential": lambda x: np.exp(0.03 * x),
    "quadratic": lambda x: 200 + 40 * x - 0.2 * x**2,
}


def sweep(truth, noise=0.01, seed=0, speeds=(1, 3, 10), sizes=SIZES):
    """Cells and processes (six a cell) of a model whose calls take `truth` of the batch size, at
    a speed for each number of layers: 4, 6 and so on."""
    rng = np.random.default_rng(seed)
    layers = [4 + 2 * number for number in range(len(speeds))]
    cells = crossed(layers=layers, batch_size=sizes, conv_size=(3,))
    speed = cells["layers"].map(dict(zip(layers, speeds, strict=True)))
    true_s = 1e-4 * speed * truth(cells["batch_size"].to_numpy(float))
    seen_s = true_s.to_numpy()[:, None] * np.exp(noise * rng.standard_normal((len(cells), 6)))
    cells = timed(cells, np.median(seen_s, axis=1), "m")
    rows = _repeated(cells, 6)
    return cells, _processes(rows.assign(round=rows["process"], process=1), seen_s.ravel(), rng)


PLAN = Plan(
    confidence=0.95,
    bootstrap=20,
    primary=("C1", "C2", "C4"),
    predict={
        "model": ["mnist"],
        "layers": [4, 12],
        "batch_size": [8],
        "conv_size": [3],
        "input_size": [28],
    },
    latency_ms=10.0,
    seed=1,
)
NOTHING_ASKED = replace(PLAN, predict=None, latency_ms=None)


def work(cell: dict) -> float:
    """Seconds a pass: overhead a call, and work that grows with layers and convolution size."""
    return 2000 / cell["batch_size"] * 2e-4 + cell["layers"] ** 2 * cell["conv_size"] * 1e-3


def a_study(rounds=ROUNDS, **axes) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Cells and processes of a study that takes `work`."""
    cells = grid(work, **axes)
    return cells, processes_of(cells, rounds=rounds)


def write_study(folder: Path, cells: pd.DataFrame, processes: pd.DataFrame) -> list[str]:
    """Write cells, runs and roofs; returns the paths in this order."""
    hosts = cells["host"].unique()
    roofs = pd.DataFrame(
        {"host": hosts, "threads": 1, "peak_gflop_per_s": 250.0, "peak_gbyte_per_s": 12.0}
    )
    tables = {"cells": cells, "runs": processes, "roofs": roofs}
    for name, table in tables.items():
        write_parquet(folder / f"{name}.parquet", table)
    return [str(folder / f"{name}.parquet") for name in tables]


def write_import(path: Path, cells: pd.DataFrame, name: str) -> dict:
    """Write cells of mnist as a table in the paper's form; returns its entry of `imports`."""
    table = as_in_the_paper(cells.assign(passes_total_s=10 * cells["pass_mean_s"]), "mnist")
    table.to_csv(path, index=False)
    return {"path": str(path), "name": name, "model": "mnist"}


def fitted(
    folder: Path, study: tuple, imports=(), plan=PLAN, progress=str, work=None
) -> pd.DataFrame:
    """Fit a study of cells and processes into the folder's `fits`; returns its findings. `work` is
    that of architectures to predict (the paper's unless others are given)."""
    (folder / "fits").mkdir()
    (folder / "work").mkdir()
    paths = []
    for name, columns in (works() if work is None else work).items():
        paths.append(str(folder / "work" / f"{name}.json"))
        Path(paths[-1]).write_text(json.dumps(columns))
    tables = write_study(folder, *study)
    text = str(folder / "fits" / "findings.txt")
    return fit(*tables, paths, list(imports), 0.9375, asdict(plan), text, progress)


def paper_table(name: str) -> pd.DataFrame:
    """A table of the paper (`mnist-acer`); skips where the folder is not."""
    folder = Path(os.environ.get("TFSCALE_PAPER", ROOT.parent / "shared" / "paper"))
    if not folder.is_dir():
        pytest.skip(f"no folder {folder} with the paper's tables (set TFSCALE_PAPER)")
    model, host = name.split("-")
    return paper_cells(str(folder / f"{name}.csv"), model, host, works([model]))


def paper_tables() -> pd.DataFrame:
    """All four."""
    names = ("mnist-acer", "mnist-macbook", "text-acer", "text-macbook")
    return pd.concat([paper_table(name) for name in names], ignore_index=True)
