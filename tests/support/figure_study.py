"""A whole study's tables for the figures: synthetic cells and visits, the real analysis."""

from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from synthetic_cells import visits_of, work_cells

from tfscale.analysis.fit import fit
from tfscale.analysis.material import Plan
from tfscale.figures.draw import draw
from tfscale.figures.look import FigureData, read, styled
from tfscale.study.work import work_columns

mpl.use("agg")
DOLLARS = "a $machine_ with <b>"
SWEEP = {"layers": (4, 10), "batches": (1, 2, 4, 8, 16, 48, 64), "convs": (5,)}
GRID = {"layers": (4, 6, 10), "batches": (1, 16, 64), "convs": (3, 5, 8)}


def whole(cells: pd.DataFrame) -> pd.DataFrame:
    """The cells with every column of cells.parquet that a figure or a fit reads."""
    work = pd.DataFrame(
        [work_columns(row, 18_765) for row in cells.to_dict("records")], index=cells.index
    )
    return cells.join(work).assign(
        host=cells["machine"],
        data="builtin",
        latency_low_s=0.98 * cells["latency_s"],
        latency_high_s=1.02 * cells["latency_s"],
        half_width=0.02,
        visits=6,
        clean_visits=6,
        unsettled_visits=0,
        stop_reason="precision reached",
        floor_s=1e-4,
        throughput_per_s=cells["batch_size"] / cells["latency_s"],
        pass_mean_s=2000 / cells["batch_size"] * cells["latency_s"],
    )


def full_cells() -> pd.DataFrame:
    """Both models: a grid each, and a sweep of batch sizes for one."""
    parts = [work_cells(**GRID), work_cells(**SWEEP, seed=1), work_cells(**GRID, model="text")]
    cells = pd.concat(parts, ignore_index=True).drop_duplicates("cell", ignore_index=True)
    return whole(cells)


def timed_visits(cells: pd.DataFrame) -> pd.DataFrame:
    """Visits a second apart, in a random order of cells."""
    visits = visits_of(cells).merge(cells[["cell", "machine", "model"]], on=["cell", "machine"])
    visits = visits.sample(frac=1, random_state=3, ignore_index=True)
    started = pd.Timestamp("2026-01-01", tz="UTC") + pd.to_timedelta(np.arange(len(visits)), "s")
    return visits.assign(started=started)


def write_study(folder: Path, cells: pd.DataFrame, imports=()) -> Path:
    """The tables of a study under a folder: cells, visits, roofs, and all that is fitted."""
    visits = timed_visits(cells)
    hosts = cells["host"].unique()
    roofs = pd.DataFrame(
        {"host": hosts, "threads": 1, "peak_gflop_per_s": 250.0, "peak_gbyte_per_s": 12.0}
    )
    for name, table in (("cells", cells), ("visits", visits), ("roofs", roofs)):
        table.to_parquet(folder / f"{name}.parquet")
    paths = [str(folder / f"{name}.parquet") for name in ("cells", "visits", "roofs")]
    (folder / "fits").mkdir()
    plan = Plan(0.95, 20, ("C1", "C4"), None, None, 1)
    fit(*paths, list(imports), 0.95, plan, str(folder / "fits"), progress=str)
    return folder


def data_of(folder: Path, model: str = "mnist") -> FigureData:
    """What the figures of a model are drawn from."""
    paths = [str(folder / f"{name}.parquet") for name in ("cells", "visits", "roofs")]
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
