"""Style, palette, axes, legends; what a figure is drawn from.

The colour maps rise evenly in lightness, so that levels keep their order in grey and for the
colour-blind; names get the colours of Okabe and Ito (2008). Markers, dashes and hatches tell them
apart without any colour.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import fill
from typing import Literal

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.axis import XAxis, YAxis
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from matplotlib.lines import Line2D
from matplotlib.ticker import EngFormatter, FuncFormatter, LogLocator, NullLocator

from tfscale.analysis.slices import own_axes, shape, usual
from tfscale.analysis.words import level as level_text
from tfscale.axes import AXES, CALL_AXES, FAMILIES
from tfscale.files.whole import replacing
from tfscale.study.outputs import DRAWN_TABLES
from tfscale.tables.latency import read_processes
from tfscale.words import axis_label, axis_name

LABELS = {
    "pass_mean_s": "time of a pass (s)",
    "latency_s": "latency of a call (s)",
    "throughput_per_s": "throughput (examples/s)",
    "flop_per_call": "work of a call (FLOP)",
    "relative": "latency relative to its slice (ratio)",
}
"""What an axis of a figure says of what is no axis of the study, with its unit."""
WIDTH_IN, WIDE_IN, HEIGHT_IN = 7.0, 10.5, 4.2


@contextmanager
def styled() -> Iterator[None]:
    """Seaborn's white grid with sizes for a page; the same bytes for the same data.

    Text in an SVG stays text: it can be read, found and enlarged, and takes a fifth of the bytes.
    """
    with (
        plt.style.context("default"),  # not that of a matplotlibrc of the user's
        sns.axes_style("whitegrid"),
        sns.plotting_context("notebook", 0.85),
    ):
        mpl.rcParams["svg.hashsalt"] = "tfscale"
        mpl.rcParams["svg.fonttype"] = "none"
        mpl.rcParams["font.sans-serif"] = ["DejaVu Sans", "Verdana", "sans-serif"]
        mpl.rcParams["savefig.dpi"] = 130
        mpl.rcParams["figure.constrained_layout.use"] = True
        mpl.rcParams["hatch.linewidth"] = 0.5
        mpl.rcParams["text.parse_math"] = False  # a machine's name may have dollars in it
        yield


def save(figure: Figure, svg: str, png: str, title: str, description: str) -> None:
    """Write a figure as SVG (no date in it) and PNG, with title and description inside, and close
    it."""
    said = {"Title": title, "Description": description}
    figure.draw_without_rendering()  # laid out once, not for each file again
    figure.set_layout_engine("none")
    for path, metadata in ((svg, said | {"Date": None}), (png, said)):
        with replacing(path) as temporary:
            kind = Path(path).suffix[1:]
            figure.savefig(temporary, format=kind, metadata=metadata, bbox_inches="tight")
    plt.close(figure)


Dash = Literal["-"] | tuple[float, tuple[float, ...]]
"""A line style: solid, or an offset and the lengths of dashes and gaps."""
MAPS = ("viridis", "plasma", "cividis")
"""Of a family's first axis, of its second, and of all others."""
LIGHTEST = 0.82
"""The share of a colour map that is dark enough on white."""
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
DASHES: tuple[Dash, ...] = (
    "-",
    (0, (5, 2)),
    (0, (1, 1.5)),
    (0, (5, 1.5, 1, 1.5)),
    (0, (9, 2)),
    (0, (3, 1, 1, 1, 1, 1)),
    (0, (2, 2)),
    (0, (9, 2, 3, 2)),
    (0, (1, 4)),
)
HATCHES = ("", "///", "\\\\\\", "xxx", "---", "|||", "+++", "/-")
NAMES = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#7F7F7F")

Level = float | str | bool
Colour = tuple[float, float, float, float] | str


@dataclass(frozen=True)
class Palette:
    """The looks of the levels of a study, ranked over all of its models."""

    levels: dict[str, tuple[Level, ...]]

    @classmethod
    def of(cls, cells: pd.DataFrame) -> "Palette":
        """The palette of all cells of a study."""
        known = [axis for axis in AXES if axis in cells]
        return cls({axis: tuple(sorted(cells[axis].dropna().unique().tolist())) for axis in known})

    def colour(self, axis: str, level: Level) -> Colour:
        """Dark for the lowest level, light for the highest; a colour a value without an order."""
        rank = self._rank(axis, level)
        if not AXES[axis].ordered:
            return named(rank)[0]
        most = max(len(self.levels[axis]) - 1, 1)
        own = [list(family.axes).index(axis) for family in FAMILIES.values() if axis in family.axes]
        return mpl.colormaps[MAPS[min([*own, len(MAPS) - 1])]](LIGHTEST * rank / most)

    def marker(self, axis: str, level: Level) -> str:
        """A marker; from the ninth level on they come again."""
        return MARKERS[self._rank(axis, level) % len(MARKERS)]

    def dash(self, axis: str, level: Level) -> Dash:
        """A line style; from the tenth level on they come again."""
        return DASHES[self._rank(axis, level) % len(DASHES)]

    def _rank(self, axis: str, level: Level) -> int:
        return self.levels[axis].index(level)


def named(place: int) -> tuple[str, str, Dash]:
    """Colour, marker and dash of the name in that place of a list (a machine, a law)."""
    return NAMES[place % len(NAMES)], MARKERS[place % len(MARKERS)], DASHES[place % len(DASHES)]


DOUBTFUL = "hollow: an outlier, or no process whose warm-up settled"


@dataclass(frozen=True)
class FigureData:
    """One family on one machine: its cells (with `doubtful`), their processes, the machine's roofs,
    the fitted tables of all families and machines, and the palette of the whole study.

    `machines` are those of the study that have the model's cells.
    """

    model: str
    machine: str
    machines: tuple[str, ...]
    cells: pd.DataFrame
    processes: pd.DataFrame
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

    def of_cells(self, table: str) -> pd.DataFrame:
        """The rows of a fitted table about single cells, with all axes and `doubtful` of each."""
        known = ["cell", "doubtful", *(axis for axis in AXES if axis in self.cells)]
        cells = self.cells[known].drop_duplicates("cell")
        rows = self.fitted(table)
        return rows[["cell", *(name for name in rows if name not in known)]].merge(cells, on="cell")

    @property
    def order(self) -> list[str]:
        """The axes in the order in which they get colours, panels and lines: those of the models
        that vary, the batch size, other ones that vary, the rest."""
        own = shape(self.cells)
        known = [*own, *CALL_AXES]
        varied = [axis for axis in known if self.cells[axis].nunique() > 1]
        first = [axis for axis in varied if axis in own] or own[:1]
        return list(dict.fromkeys([*first, "batch_size", *varied, *known]))

    @property
    def first(self) -> str:
        """The axis whose levels have colours, markers and dashes in most figures."""
        return self.order[0]

    @property
    def colour(self) -> str:
        """The family's own colour."""
        return named(list(FAMILIES).index(self.model))[0]

    @property
    def main(self) -> pd.DataFrame:
        """The cells of the usual setting."""
        return usual(self.cells)


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


def read(model: str, cells: str, runs: str, roofs: str, fits: str) -> FigureData:
    """All that the figures of a model are drawn from; `fits` is the folder of the fitted tables.

    A study of several machines is drawn for the one with the most cells of the model; a model
    without any cell has no machine.
    """
    every = pd.read_parquet(cells)
    own = every[every["model"] == model]
    machine = str(own["machine"].mode().iloc[0]) if len(own) else ""
    mine = own[own["machine"] == machine].reset_index(drop=True)
    mine = own_axes(mine) if len(mine) else mine
    tables = {name: pd.read_parquet(Path(fits, f"{name}.parquet")) for name in DRAWN_TABLES}
    processes = read_processes(runs)
    of_it = (processes["model"] == model) & (processes["machine"] == machine)
    peaks = pd.read_parquet(roofs)
    return FigureData(
        model=model,
        machine=machine,
        machines=tuple(own["machine"].unique()),
        cells=mine.assign(doubtful=_doubtful(mine, tables["outliers"])),
        processes=processes[of_it].reset_index(drop=True),
        roofs=peaks[peaks["host"].isin(mine["host"])].reset_index(drop=True),
        tables=tables,
        palette=Palette.of(every),
    )


def _doubtful(cells: pd.DataFrame, outliers: pd.DataFrame) -> pd.Series:
    """Cells whose number one should not lean on (see `DOUBTFUL`)."""
    flagged = outliers[outliers["machine"].isin(cells["machine"])]["cell"]
    return (cells["unsettled_processes"] >= cells["processes"]) | cells["cell"].isin(flagged)


LOG_FROM_RATIO = 8
FINE_UP_TO = {"x": 40, "y": 900}
"""The greatest ratio at which a logarithmic axis has room for ticks at 1, 2 and 5."""
MOST_LEVELS = 10
"""Of a factor's levels so many have a tick or stand in a legend."""
MANY_POINTS = 400
"""From so many points on they are pixels in the SVG, which stays small that way."""


def amount(
    axis: XAxis | YAxis,
    label: str,
    values: Iterable[float],
    unit: str | None = "",
    log: bool = False,
) -> None:
    """Label an axis of amounts and write its ticks with SI prefixes (plain ones for ratios, whose
    unit is None); logarithmic with `log` and where the values are positive and span a factor of
    8."""
    found = np.asarray(list(values), dtype=float)
    found = found[np.isfinite(found)]
    ratio = found.max() / found.min() if len(found) and found.min() > 0 else 1.0
    if log or ratio > LOG_FROM_RATIO:
        axis.axes.set(**{f"{axis.axis_name}scale": "log"})
        subs = (1.0,) if ratio > FINE_UP_TO[axis.axis_name] else (1.0, 2.0, 5.0)
        axis.set_major_locator(LogLocator(10, subs=subs, numticks=8))
        axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(_plain) if unit is None else EngFormatter(unit))
    axis.set_label_text(label)


def _plain(value: float, place: int) -> str:
    return f"{value:g}"


def level_axis(axes: Axes, axis: str, levels: Sequence[float]) -> None:
    """A logarithmic x axis with a tick at each level; of more than 10 at those nearest to even
    places."""
    even = np.geomspace(levels[0], levels[-1], MOST_LEVELS)
    near = {min(levels, key=lambda level: abs(np.log(level / place))) for place in even}
    ticks = sorted(near) if len(levels) > MOST_LEVELS else levels
    axes.set_xscale("log")
    axes.set_xticks([float(level) for level in ticks], [level_text(level) for level in ticks])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlabel(axis_label(axis))


def category_axis(axes: Axes, axis: str, levels: Sequence[Level]) -> None:
    """An x axis with the levels at 0, 1, 2 ... and a name at 10 of them at most."""
    named = evenly(len(levels), MOST_LEVELS)
    axes.set_xticks(named, [level_text(levels[place]) for place in named])
    axes.set_xlabel(axis_label(axis))


def evenly(count: int, most: int) -> list[int]:
    """At most so many of the places 0 to count - 1, evenly, the first and the last among them."""
    return np.linspace(0, count - 1, min(count, most)).round().astype(int).tolist()


def points(
    axes: Axes, data: FigureData, rows: pd.DataFrame, axis: str | None = None, size: float = 30
) -> None:
    """A point a row, at its x and y, in the colour and marker of its level of `axis` (that of
    `data.first`); hollow where `rows` says that it is doubtful."""
    axis = axis or data.first
    doubtful = rows.get("doubtful", pd.Series(False, rows.index)).astype(bool)
    for (level, hollow), own in rows.groupby([rows[axis], doubtful]):
        colour = data.palette.colour(axis, level)
        axes.scatter(
            own["x"].to_numpy(float),
            own["y"].to_numpy(float),
            s=size,
            marker=data.palette.marker(axis, level),
            facecolors="white" if hollow else [colour],
            edgecolors=[colour] if hollow else "white",
            linewidths=1.4 if hollow else 0.5,
            alpha=0.9,
            zorder=3,
            rasterized=len(rows) > MANY_POINTS,
        )


def level_handles(data: FigureData, axis: str, rows: pd.DataFrame, line=False) -> list[Line2D]:
    """What a legend shows of the levels that `rows` have (at most 10 of them)."""
    levels = sorted(rows[axis].unique().tolist())
    return [
        Line2D(
            [],
            [],
            color=data.palette.colour(axis, level),
            marker=data.palette.marker(axis, level),
            linestyle=data.palette.dash(axis, level) if line else "",
            label=level_text(level),
        )
        for level in (levels[i] for i in evenly(len(levels), MOST_LEVELS))
    ]


def hollow_handle(rows: pd.DataFrame) -> list[Line2D]:
    """A legend entry for hollow points, if there are any."""
    if not rows.get("doubtful", pd.Series(dtype=bool)).any():
        return []
    return [
        Line2D(
            [],
            [],
            color="0.3",
            marker="o",
            linestyle="",
            markerfacecolor="white",
            label=fill(DOUBTFUL, 22),
        )
    ]


def legend(axes: Axes, handles: Sequence[Artist], title: str, place: float = 1.0) -> None:
    """A legend to the right of the axes, its top at `place` of their height."""
    if handles:
        made = Legend(
            axes,
            handles,
            [str(handle.get_label()) for handle in handles],
            title=title,
            loc="upper left",
            bbox_to_anchor=(1.01, place),
            frameon=False,
            borderaxespad=0,
            alignment="left",
        )
        axes.add_artist(made)  # so that there may be several
        made.set_clip_on(False)


def level_legend(
    axes: Axes, data: FigureData, rows: pd.DataFrame, axis: str | None = None, place: float = 1.0
) -> None:
    """A legend of the levels of `axis` (that of `data.first`) that `rows` have, and of hollow
    points."""
    axis = axis or data.first
    handles = [*level_handles(data, axis, rows), *hollow_handle(rows)]
    legend(axes, handles, axis_name(axis), place)
