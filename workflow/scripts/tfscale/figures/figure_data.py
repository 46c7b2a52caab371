"""What a figure is drawn from, and what drawing gives back."""

from dataclasses import dataclass, field
from pathlib import Path
from textwrap import fill

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from tfscale.analysis.workload import SETTING
from tfscale.figures.palette import Palette
from tfscale.figures.style import WIDTH_IN
from tfscale.study.figure_list import DRAWN_TABLES
from tfscale.timing.stopping import TIME_CAP

DOUBTFUL = "hollow: an outlier, time-capped, or without an undisturbed and settled visit"


@dataclass(frozen=True)
class FigureData:
    """One model on one machine: its cells (with `doubtful`), its clean visits, the machine's roofs,
    the fitted tables of all models and machines, and the palette of the whole study.

    `machines` are those of the study that have the model's cells.
    """

    model: str
    machine: str
    machines: tuple[str, ...]
    cells: pd.DataFrame
    visits: pd.DataFrame
    roofs: pd.DataFrame
    tables: dict[str, pd.DataFrame]
    palette: Palette

    def fitted(self, table: str) -> pd.DataFrame:
        """The rows of a fitted table for this model on this machine."""
        rows = self.of_model(table)
        return rows[rows["machine"] == self.machine].reset_index(drop=True)

    def of_model(self, table: str) -> pd.DataFrame:
        """The rows of a fitted table for this model, on any machine, imported ones too."""
        rows = self.tables[table]
        return rows[rows["model"] == self.model] if "model" in rows else rows

    @property
    def main(self) -> pd.DataFrame:
        """The cells of the setting (threads, precision and so on) that most cells have."""
        if self.cells.empty:
            return self.cells
        setting = self.cells.groupby(SETTING, sort=False).ngroup()
        return self.cells[setting == setting.mode().iloc[0]]


@dataclass(frozen=True)
class Drawn:
    """A figure, and sentences on what is to be seen in it, generated from its numbers."""

    figure: Figure
    says: list[str] = field(default_factory=list)
    filled: bool = True


def in_words(why: str) -> Drawn:
    """A figure that says why the study cannot fill it."""
    figure = plt.figure(figsize=(WIDTH_IN, 1.3), layout="none")
    figure.text(0.5, 0.5, fill(why, 78), ha="center", va="center", color="0.25")
    return Drawn(figure, [why], filled=False)


def read(model: str, cells: str, visits: str, roofs: str, fits: str) -> FigureData:
    """All that the figures of a model are drawn from; `fits` is the folder of the fitted tables.

    A study of several machines is drawn for the one with the most cells of the model; a model
    without any cell has no machine.
    """
    every = pd.read_parquet(cells)
    own = every[every["model"] == model]
    machine = str(own["machine"].mode().iloc[0]) if len(own) else ""
    mine = own[own["machine"] == machine].reset_index(drop=True)
    tables = {name: pd.read_parquet(Path(fits, f"{name}.parquet")) for name in DRAWN_TABLES}
    seen = pd.read_parquet(visits)
    seen = seen[(seen["model"] == model) & (seen["machine"] == machine)]
    peaks = pd.read_parquet(roofs)
    return FigureData(
        model=model,
        machine=machine,
        machines=tuple(own["machine"].unique()),
        cells=mine.assign(doubtful=_doubtful(mine, tables["outliers"])),
        visits=seen[~seen["disturbed"].astype(bool)].reset_index(drop=True),
        roofs=peaks[peaks["host"].isin(mine["host"])].reset_index(drop=True),
        tables=tables,
        palette=Palette.of(every),
    )


def _doubtful(cells: pd.DataFrame, outliers: pd.DataFrame) -> pd.Series:
    """Cells whose number one should not lean on (see `DOUBTFUL`)."""
    flagged = outliers[outliers["machine"].isin(cells["machine"])]["cell"]
    unsure = (cells["clean_visits"] == 0) | (cells["unsettled_visits"] >= cells["visits"])
    capped = cells["stop_reason"] == TIME_CAP
    return unsure | capped | cells["cell"].isin(flagged)
