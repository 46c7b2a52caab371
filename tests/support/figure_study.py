"""A whole study's tables for the figures: made-up cells and processes, the real analysis."""

from pathlib import Path

import made_study
import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from made_study import processes_of, work_cells
from matplotlib.axes import Axes

from tfscale.analysis.fit import fit
from tfscale.analysis.material import Plan
from tfscale.figures.draw import draw
from tfscale.figures.look import FigureData, read, styled

mpl.use("agg")
DOLLARS = "a $machine_ with <b>"
SWEEP = {"layers": (4, 10), "batches": (1, 2, 4, 8, 16, 48, 64), "convs": (5,)}
GRID = {"layers": (4, 6, 10), "batches": (1, 16, 64), "convs": (3, 5, 8)}
PLAN = Plan(0.95, 20, ("C1", "C4"), None, None, 1)


def whole(cells: pd.DataFrame) -> pd.DataFrame:
    """The cells with every column of cells.parquet that a figure or a fit reads."""
    return made_study.timed(cells, cells["latency_s"], host=cells["machine"])


def full_cells() -> pd.DataFrame:
    """Both models: a grid each, and a sweep of batch sizes for one."""
    parts = [work_cells(**GRID), work_cells(**SWEEP, seed=1), work_cells(**GRID, model="text")]
    return pd.concat(parts, ignore_index=True).drop_duplicates("cell", ignore_index=True)


timed_visits = processes_of
"""Processes a second apart, each round in a random order of cells."""


def write_study(folder: Path, cells: pd.DataFrame, imports=()) -> Path:
    """The tables of a study under a folder: cells, runs, roofs, and all that is fitted."""
    paths = made_study.write_study(folder, cells, processes_of(cells))
    (folder / "fits").mkdir()
    fit(*paths, list(imports), 0.95, PLAN, str(folder / "fits"), progress=str)
    return folder


def data_of(folder: Path, model: str = "mnist") -> FigureData:
    """What the figures of a model are drawn from."""
    paths = [str(folder / f"{name}.parquet") for name in ("cells", "runs", "roofs")]
    return read(model, *paths, str(folder / "fits"))


def paper_csv(path: Path, factor: float = 3.0) -> Path:
    """A table in the paper's form, of a machine that is slower by a factor."""
    cells = work_cells(layers=(4, 6, 10), batches=(1, 16), convs=(3, 5, 8), seed=9)
    called = work_cells(layers=(4, 6, 10), batches=(32,), convs=(3, 5, 8), seed=9)
    each = called.set_index(["layers", "conv_size"])["latency_s"]
    times = [
        factor * 63 * each[key] for key in zip(cells["layers"], cells["conv_size"], strict=True)
    ]
    table = pd.DataFrame(
        {"Layers": cells["layers"], "BatchSize": cells["batch_size"],
         "ConvSize": cells["conv_size"], "TotalTime": 10 * np.array(times), "MeanTime": times}
    )  # fmt: skip
    table.to_csv(path, index=False)
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
