"""Made-up studies: cells whose times follow a known truth, their processes, and what is fitted."""

import json
import os
from dataclasses import asdict
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from paper_work import INPUT_SIZES, work_of, works
from paths import ROOT

from tfscale.analysis.fit import fit
from tfscale.analysis.material import Plan, paper_cells
from tfscale.analysis.predictions import predict_cells
from tfscale.analysis.work_model import TERMS, design
from tfscale.axes import cell_name, defaults
from tfscale.files.parquet import write_parquet
from tfscale.study.grid import cells as grid_cells

INPUTS = 2000
GRID = {"layers": (4, 6, 8, 10), "batches": (1, 4, 16, 64), "convs": (3, 5, 8)}
START = pd.Timestamp("2026-01-01", tz="UTC")
COSTS = {
    "fixed": 2e-4,
    "conv_flop": 5e-12,
    "conv_spanning_flop": 1e-11,
    "reduction_bytes": 3e-10,
}
"""Seconds a unit of the work model's terms."""


WIDE_GRID = {
    "model": ["mnist"],
    "layers": [4, 6, 8, 10],
    "batch_size": [1, 2, 4, 8, 16, 32, 64, 128, 256, 512],
    "conv_size": [3, 4, 5, 8],
    "input_size": [28],
}
WIDE_CELLS = grid_cells(WIDE_GRID)
"""A grid of 160 cells, of which studies time some."""


def crossed(model="mnist", **axes) -> pd.DataFrame:
    """The cells of a grid (GRID, with `axes` in place of its own) with their work, untimed."""
    levels = GRID | axes
    rows = []
    for depth, conv, batch in product(levels["layers"], levels["convs"], levels["batches"]):
        cell = defaults(model) | {
            "model": model,
            "layers": int(depth),
            "batch_size": int(batch),
            "conv_size": int(conv),
            "input_size": INPUT_SIZES[model],
        }
        name = {"cell": cell_name(cell), "machine": "h", "host": "h", "called_batch": int(batch)}
        rows.append(name | cell | work_of(cell, 1000))
    return pd.DataFrame(rows)


def timed(cells: pd.DataFrame, latency_s: np.ndarray, **columns) -> pd.DataFrame:
    """The cells with a latency and all columns of cells.parquet that follow from it."""
    table = cells.assign(latency_s=latency_s, **columns)
    return table.assign(
        data="builtin",
        rounds=5,
        processes=5,
        disturbed_processes=0,
        unsettled_processes=0,
        latency_low_s=0.98 * table["latency_s"],
        latency_high_s=1.02 * table["latency_s"],
        half_width=0.02,
        coverage=0.9375,
        typical_s=1.05 * table["latency_s"],
        noise=1.05,
        floor_s=1e-4,
        throughput_per_s=table["batch_size"] / table["latency_s"],
        pass_mean_s=INPUTS / table["batch_size"] * table["latency_s"],
    )


def predicted(cells: pd.DataFrame, grid: dict | list[dict]) -> pd.DataFrame:
    """What the cells say of those of a grid."""
    return predict_cells(cells, {"predict": grid_cells(grid)}, works(), cells)


def costs(**seconds: float) -> np.ndarray:
    """A cost for each term of the work model, 0 for those not given."""
    return np.array([seconds.get(name, 0.0) for name in TERMS])


def work_cells(noise=0.02, misfit=0.0, seed=0, machine="h", **axes) -> pd.DataFrame:
    """Cells that follow the work model with COSTS; `noise` is each cell's own, `misfit` what a
    whole architecture shares."""
    rng = np.random.default_rng(seed)
    cells = crossed(**axes)
    shapes = cells.groupby(["layers", "conv_size"], sort=False).ngroup()
    shared = rng.normal(0, misfit, shapes.max() + 1)[shapes]
    off = np.exp(shared + rng.normal(0, noise, len(cells)))
    return timed(cells, design(cells) @ costs(**COSTS) * off, machine=machine, host=machine)


def grid(
    time=lambda cell: cell["layers"] ** 2.0, noise=0.02, seed=0, machine="h", **axes
) -> pd.DataFrame:
    """Cells whose pass takes `time` (s, of a cell's axes)."""
    rng = np.random.default_rng(seed)
    cells = crossed(**axes)
    pass_s = np.array([time(cell) for cell in cells.to_dict("records")], dtype=float)
    pass_s *= np.exp(rng.normal(0, noise, len(cells)))
    return timed(cells, pass_s * cells["batch_size"] / INPUTS, machine=machine, host=machine)


def nominal(cells: pd.DataFrame) -> pd.DataFrame:
    """The same cells as if their batch size had never reached the model."""
    return cells.assign(called_batch=32, latency_s=cells["pass_mean_s"] / 63)


def processes_of(
    cells: pd.DataFrame, noise=0.02, rounds=5, each=1, slope=0.0, seed=1
) -> pd.DataFrame:
    """Processes a second apart, each round in a random order; `noise` may be a function of a cell,
    `slope` is what every process is slower by than the one before."""
    rng = np.random.default_rng(seed)
    rows = []
    for number in range(1, rounds + 1):
        for cell in cells.sample(frac=1, random_state=number).to_dict("records"):
            for process in range(1, each + 1):
                size = noise(cell) if callable(noise) else noise
                latency_s = cell["latency_s"] * np.exp(rng.normal(0, size) + slope * len(rows))
                rows.append(_process(cell, number, process, latency_s, len(rows)))
    return pd.DataFrame(rows)


def _process(cell: dict, number: int, process: int, latency_s: float, place: int) -> dict:
    return {
        "cell": cell["cell"],
        "machine": cell["machine"],
        "host": cell["machine"],
        "model": cell["model"],
        "batch_size": cell["batch_size"],
        "round": number,
        "process": process,
        "started": START + pd.Timedelta(seconds=place),
        "disturbed": False,
        "latency_s": latency_s,
        "p50_s": 1.05 * latency_s,
    }


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
    cells = crossed(layers=layers, batches=sizes, convs=(3,)).assign(machine="m", host="m")
    rows, latencies_s = [], []
    for cell in cells.to_dict("records"):
        speed = speeds[cell["layers"] // 2 - 2]
        off = np.exp(noise * rng.standard_normal(6))
        seen = 1e-4 * speed * truth(float(cell["batch_size"])) * off
        latencies_s.append(np.median(seen))
        rows += [_process(cell, n, 1, value, len(rows) + n) for n, value in enumerate(seen, 1)]
    return timed(cells, np.array(latencies_s)), pd.DataFrame(rows)


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


def work(cell: dict) -> float:
    """Seconds a pass: overhead a call, and work that grows with layers and convolution size."""
    return 2000 / cell["batch_size"] * 2e-4 + cell["layers"] ** 2 * cell["conv_size"] * 1e-3


def a_study(rounds=5, **axes) -> tuple[pd.DataFrame, pd.DataFrame]:
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


def fitted(
    folder: Path, study: tuple, imports=(), plan=PLAN, progress=str, work=None
) -> pd.DataFrame:
    """Fit a study of cells and processes under a folder; returns its findings. `work` is that of
    architectures to predict (`write_work`)."""
    paths, work = write_study(folder, *study), write_work(folder, work)
    return fit(*paths, work, list(imports), 0.9375, asdict(plan), str(folder), progress)


def write_work(folder: Path, work: dict[str, dict] | None = None) -> list[str]:
    """Write the work of architectures (those of the paper unless others are given) as the rules
    have it counted; returns the paths."""
    (folder / "work").mkdir(exist_ok=True)
    paths = []
    for name, columns in (works() if work is None else work).items():
        paths.append(str(folder / "work" / f"{name}.json"))
        Path(paths[-1]).write_text(json.dumps(columns))
    return paths


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
