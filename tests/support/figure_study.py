"""A whole study's tables without a run: made-up cells and processes, the real analysis."""

import json
from dataclasses import asdict
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from made_study import work_cells, write_work
from made_study import write_study as write_tables
from matplotlib.axes import Axes
from paper_work import work_of

from tfscale.analysis.fit import fit
from tfscale.analysis.material import Plan
from tfscale.figures.draw import draw
from tfscale.figures.look import FigureData, read, styled
from tfscale.study.outputs import BOXED, figures_of

mpl.use("agg")
FIGURES = figures_of(BOXED, paper=True)
"""The figures of one of the paper's families."""
DOLLARS = "a $machine_ with <b>"
SWEEP = {"layers": (4, 10), "batches": (1, 2, 4, 8, 16, 48, 64), "convs": (5,)}
GRID = {"layers": (4, 6, 10), "batches": (1, 16, 64), "convs": (3, 5, 8)}
ROUNDS = 5
CALLS = 40


def whole(cells: pd.DataFrame) -> pd.DataFrame:
    """The cells with every column of cells.parquet that a figure, a fit or the page reads."""
    work = pd.DataFrame([work_of(row) for row in cells.to_dict("records")], index=cells.index)
    return seen(cells.drop(columns=work.columns, errors="ignore").join(work))


def seen(cells: pd.DataFrame) -> pd.DataFrame:
    """The cells, whose axes, work and latency are known, with all other columns."""
    latency_s = cells["latency_s"]
    return cells.assign(
        host=cells["machine"],
        data="builtin",
        rounds=ROUNDS,
        processes=ROUNDS,
        disturbed_processes=1,
        unsettled_processes=0,
        calls=ROUNDS * CALLS,
        latency_low_s=0.98 * latency_s,
        latency_high_s=1.02 * latency_s,
        half_width=0.02,
        coverage=0.9375,
        repeat_half_width=0.03,
        typical_s=1.1 * latency_s,
        noise=1.1,
        p90_s=1.2 * latency_s,
        p90_high_s=1.3 * latency_s,
        p99_s=1.5 * latency_s,
        p99_high_s=np.nan,
        floor_s=1e-4,
        first_call_s=0.2,
        load_s=0.3,
        memory_timed_bytes=3e8,
        throughput_per_s=cells["batch_size"] / latency_s,
        pass_mean_s=2000 / cells["batch_size"] * latency_s,
        test_accuracy=0.8,
        parameters=50_000,
        training_examples=60_000,
    )


def full_cells() -> pd.DataFrame:
    """Both models: a grid each, and a sweep of batch sizes for one."""
    parts = [work_cells(**GRID), work_cells(**SWEEP, seed=1), work_cells(**GRID, model="text")]
    return pd.concat(parts, ignore_index=True).drop_duplicates("cell", ignore_index=True)


def made_up_runs(cells: pd.DataFrame, noise: float = 0.02) -> pd.DataFrame:
    """The rows of runs.parquet: a process a cell and round, a second apart, in random order."""
    rng = np.random.default_rng(3)
    runs = pd.concat(
        [
            cells[["cell", "machine", "host", "model", "latency_s"]]
            .sample(frac=1, random_state=number)
            .assign(round=number)
            for number in range(1, ROUNDS + 1)
        ],
        ignore_index=True,
    )
    count = len(runs)
    runs["latency_s"] *= np.exp(rng.normal(0, noise, count))
    first = pd.Timestamp("2026-01-01", tz="UTC")
    calls = runs["latency_s"].to_numpy()[:, None] * rng.uniform(1, 1.5, (count, CALLS)) * 1e9
    return runs.assign(
        process=1,
        started=first + pd.to_timedelta(np.arange(count), "s"),
        p50_s=1.1 * runs["latency_s"],
        p90_s=1.2 * runs["latency_s"],
        p99_s=1.5 * runs["latency_s"],
        settled=True,
        disturbed=runs["round"] == 2,
        disturbed_reason=np.where(runs["round"] == 2, "steal 3 %", ""),
        warnings="",
        environment_id=1,
        environment_record=ENVIRONMENT,
        phase=[["first"] + ["timed"] * CALLS] * count,
        durations_ns=[[200_000_000, *row] for row in calls.astype(int).tolist()],
    )


ENVIRONMENT = json.dumps(
    {"host": "h", "cpu_model": "a processor", "version_tensorflow": "2.21.0", "git_commit": "1234"}
)


def write_study(folder: Path, cells: pd.DataFrame, imports=()) -> Path:
    """The tables of a study under a folder: cells, runs, roofs, and all that is fitted."""
    paths = write_tables(folder, cells, made_up_runs(cells))
    (folder / "fits").mkdir()
    plan = Plan(0.95, 20, ("C1", "C4"), None, None, 1)
    work = write_work(folder)
    fit(*paths, work, list(imports), 0.95, asdict(plan), str(folder / "fits"), str)
    return folder


def tables_of(folder: Path) -> list[str]:
    """The paths of the tables that figures and fits are made from."""
    return [str(folder / f"{name}.parquet") for name in ("cells", "runs", "roofs")]


def plot_inputs(folder: Path) -> dict:
    """What the rule `plot` reads."""
    paths = dict(zip(("cells", "runs", "roofs"), tables_of(folder), strict=True))
    return paths | {"tables": [str(folder / "fits/laws.parquet")]}


def plot_outputs(folder: Path, model: str, figures: dict[str, str] = FIGURES) -> dict:
    """What the rule `plot` writes."""
    files: dict = {
        kind: [str(folder / f"{model}_{name}.{kind}") for name in figures]
        for kind in ("svg", "png")
    }
    return files | {"words": str(folder / f"{model}.json")}


def data_of(folder: Path, model: str = "mnist") -> FigureData:
    """What the figures of a model are drawn from."""
    return read(model, *tables_of(folder), str(folder / "fits"))


def paper_csv(path: Path, factor: float = 3.0) -> Path:
    """A table in the paper's form, of a machine that is slower by a factor."""
    cells = work_cells(layers=(4, 6, 10), batches=(1, 16), convs=(3, 5, 8), seed=9)
    called = work_cells(layers=(4, 6, 10), batches=(32,), convs=(3, 5, 8), seed=9)
    each = called.set_index(["layers", "conv_size"])["latency_s"]
    times = [
        factor * 63 * each[key] for key in zip(cells["layers"], cells["conv_size"], strict=True)
    ]
    pd.DataFrame(
        {
            "Layers": cells["layers"],
            "BatchSize": cells["batch_size"],
            "ConvSize": cells["conv_size"],
            "TotalTime": 10 * np.array(times),
            "MeanTime": times,
        }
    ).to_csv(path, index=False)
    return path


def drawn(name: str, data: FigureData):
    """The figure, laid out and closed: it can still be looked at."""
    with styled():
        made = draw(name, data)
        made.figure.canvas.draw()
    plt.close(made.figure)
    return made


def panels(figure) -> list[Axes]:
    """The axes of a figure that are no colour bar."""
    return [axes for axes in figure.axes if axes.get_label() != "<colorbar>"]
