"""Studies whose figures are looked at: their cells, their tables, their drawing."""

from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import pandas as pd
from made_study import NOTHING_ASKED, fitted, processes_of, work_cells
from matplotlib.axes import Axes

from tfscale.figures.draw import draw
from tfscale.figures.look import FigureData, read, styled
from tfscale.study.outputs import BOXED, figures_of

mpl.use("agg")
FIGURES = figures_of(BOXED, paper=True)
"""The figures of one of the paper's families."""
SWEEP = {"layers": (4, 10), "batch_size": (1, 2, 4, 8, 16, 48, 64), "conv_size": (5,)}
GRID = {"layers": (4, 6, 10), "batch_size": (1, 16, 64), "conv_size": (3, 5, 8)}


def full_cells() -> pd.DataFrame:
    """Both models: a grid each, and a sweep of batch sizes for one."""
    parts = [work_cells(**GRID), work_cells(**SWEEP, seed=1), work_cells(**GRID, model="text")]
    return pd.concat(parts, ignore_index=True).drop_duplicates("cell", ignore_index=True)


def write_study(folder: Path, cells: pd.DataFrame, imports=(), work=None) -> Path:
    """The tables of a study under a folder, and all that is fitted."""
    fitted(folder, (cells, processes_of(cells)), imports, NOTHING_ASKED, work=work)
    return folder


def tables_of(folder: Path) -> dict[str, str]:
    """The paths of the tables that figures and fits are made from."""
    return {name: str(folder / f"{name}.parquet") for name in ("cells", "runs", "roofs")}


def data_of(folder: Path, model: str = "mnist") -> FigureData:
    """What the figures of a model are drawn from."""
    return read(model, *tables_of(folder).values(), str(folder / "fits"))


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
