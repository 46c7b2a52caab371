"""Latency against throughput, roofline, time shares."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from tfscale.analysis.border import call_flop
from tfscale.analysis.slices import shape
from tfscale.analysis.words import level as level_text
from tfscale.analysis.words import short_names
from tfscale.analysis.work_model import OPERATION_WORDS
from tfscale.figures.look import (
    HATCHES,
    HEIGHT_IN,
    LABELS,
    MANY_POINTS,
    NAMES,
    WIDE_IN,
    WIDTH_IN,
    Drawn,
    FigureData,
    amount,
    evenly,
    in_words,
    legend,
    level_legend,
    named,
    points,
)
from tfscale.study.kinds import KINDS
from tfscale.units import seconds, three
from tfscale.words import axis_name, counted, share

GIGA = 1e9
BOUNDS = {"overhead-bound": "o", "compute-bound": "^", "memory-bound": "s"}
UNSURE = "X"


def front(data: FigureData) -> Drawn:
    """Throughput against latency; a line joins the cells that no other one beats in both."""
    rows = data.fitted("cost").set_index("cell").reindex(data.cells["cell"])
    best = rows["front"].to_numpy(bool)
    cells = data.cells.assign(x=data.cells["latency_s"], y=data.cells["throughput_per_s"])
    edge = cells[best].sort_values("x")
    figure, axes = plt.subplots(figsize=(WIDTH_IN, HEIGHT_IN))
    axes.step(edge["x"], edge["y"], where="post", color="black", linewidth=1.2)
    points(axes, data, cells)
    amount(axes.xaxis, LABELS["latency_s"], cells["x"], "s", log=True)
    amount(axes.yaxis, LABELS["throughput_per_s"], cells["y"], log=True)
    level_legend(axes, data, cells)
    short = short_names(cells)
    ends = [
        f"{short[place]} ({seconds(row['x'])}, {three(row['y'])} examples a second)"
        for place, row in edge.iloc[[0, -1][: len(edge)]].iterrows()
    ]
    return Drawn(
        figure,
        [
            f"No other cell has both less latency and more throughput than {' and '.join(ends)}"
            + (f" and the {len(edge) - 2} cells between them." if len(edge) > 2 else ".")
        ],
    )


def roofline(data: FigureData) -> Drawn:
    """FLOP/s that a call reaches against its FLOP a byte, under the measured peak and copy rate;
    the marker says what holds the cell up (Williams, Waterman and Patterson 2009)."""
    cells = with_fit(data)
    if cells.empty:
        return in_words("No roofline: no work model was fitted to these cells.")
    moved = cells[[f"{kind}_bytes" for kind in KINDS]].sum(axis=1)
    if not moved.all():
        return in_words("No roofline: the bytes that these models move could not be counted.")
    traffic = cells["read_weight_bytes"] + cells["called_batch"] * moved
    intensity, reached = (
        cells["work_flop"] / traffic,
        cells["work_flop"] / cells["latency_s"],
    )
    figure, axes = plt.subplots(figsize=(WIDTH_IN, HEIGHT_IN))
    kinds = cells["label"].map(BOUNDS).fillna(UNSURE)
    for (level, marker), rows in cells.groupby([data.first, kinds]):
        axes.scatter(
            intensity[rows.index],
            reached[rows.index],
            marker=marker,
            s=34,
            zorder=3,
            color=[data.palette.colour(data.first, level)],
            edgecolors="white",
            linewidths=0.5,
            rasterized=len(cells) > MANY_POINTS,
        )
    grid = np.geomspace(intensity.min(), intensity.max(), 100)
    handles = []
    tops: list[float] = []
    for place, roof in enumerate(data.roofs.to_dict("records")):
        colour, _, dash = named(place)
        top = np.minimum(roof["peak_gflop_per_s"], roof["peak_gbyte_per_s"] * grid) * GIGA
        axes.plot(grid, top, color=colour, linestyle=dash)
        handles.append(Line2D([], [], color=colour, linestyle=dash, label=_roof_name(roof)))
        tops += top.tolist()
    amount(axes.xaxis, "arithmetic intensity (FLOP a byte)", intensity)
    amount(axes.yaxis, "work done (FLOP/s)", [*reached, *tops])
    marks = [*BOUNDS.items(), ("undetermined", UNSURE)]
    handles += [
        Line2D([], [], color="0.4", marker=marker, linestyle="", label=label)
        for label, marker in marks
        if (kinds == marker).any()
    ]
    dots = [
        Patch(color=data.palette.colour(data.first, level), label=level_text(level))
        for level in sorted(cells[data.first].unique())
    ]
    legend(axes, dots, f"{axis_name(data.first)} (colour)")
    legend(axes, handles, "roof and what\nholds a cell up", 0.5)
    return Drawn(figure, [_peak_words(data, cells)])


def with_fit(data: FigureData) -> pd.DataFrame:
    """The cells with the FLOP of a call (`work_flop`), fitted latency and label of regime."""
    fitted = data.fitted("regimes")[["cell", "fitted_s", "label"]]
    cells = data.cells.merge(fitted, on="cell")
    return cells.assign(work_flop=call_flop(cells))


def _roof_name(roof: dict) -> str:
    threads = counted(roof["threads"], "thread")
    return f"peak of {threads}\n({roof['peak_gflop_per_s']:.0f} GFLOP/s)"


def _peak_words(data: FigureData, cells: pd.DataFrame) -> str:
    own = cells.merge(data.roofs, on="threads") if len(data.roofs) else cells.iloc[:0]
    if own.empty:
        return "The roofs of this machine were not measured."
    reached = own["work_flop"] / own["latency_s"] / GIGA / own["peak_gflop_per_s"]
    return (
        f"Cells reach {share(reached.min())} to {share(reached.max())} of the measured peak "
        f"(median {share(reached.median())})."
    )


LEAST_SHARE = 0.005
MOST_BARS = 16
LEAST_IN = 3.0
"""The name of the bars needs some height, however few they are."""


def time_shares(data: FigureData) -> Drawn:
    """A bar an architecture, at the smallest and the largest batch: how the fitted time of a call
    is divided between kinds of operation."""
    rows = data.of_cells("regimes")
    rows = rows[rows["cell"].isin(data.main["cell"])]
    if rows.empty:
        return in_words("No work model was fitted to these cells.")
    batches = sorted({rows["called_batch"].min(), rows["called_batch"].max()})
    varied = [axis for axis in shape(rows) if rows[axis].nunique() > 1] or [data.first]
    known = [name for name in OPERATION_WORDS if f"{name}_share" in rows]
    shown = [name for name in known if rows[f"{name}_share"].max() >= LEAST_SHARE]
    count = min(max((rows["called_batch"] == one).sum() for one in batches), MOST_BARS)
    figure, panels = plt.subplots(
        1, len(batches), figsize=(WIDE_IN, max(1.6 + 0.24 * count, LEAST_IN)), squeeze=False
    )
    for axes, one in zip(panels[0], batches, strict=True):
        _bars(axes, rows[rows["called_batch"] == one], shown, varied)
        axes.set_title(f"{axis_name('batch_size')} {one}")
    panels[0][0].set_ylabel(" /\n".join(map(axis_name, varied)))
    handles = [
        Patch(facecolor=colour, hatch=hatch, edgecolor="white", label=_short(name))
        for name in shown
        for colour, hatch in [_look(name)]
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=4, frameon=False)
    return Drawn(figure)


def _look(kind: str) -> tuple[str, str]:
    """Colour and hatch of a kind of operation, the same in all figures; no two share both."""
    place = list(OPERATION_WORDS).index(kind)
    return NAMES[place % len(NAMES)], HATCHES[(place + place // len(NAMES)) % len(HATCHES)]


def _short(kind: str) -> str:
    return OPERATION_WORDS[kind].removeprefix("the ")


def _bars(axes: Axes, rows: pd.DataFrame, shown: list[str], varied: list[str]) -> None:
    rows = rows.sort_values(varied)
    rows = rows.iloc[evenly(len(rows), MOST_BARS)]
    place, start = np.arange(len(rows)), np.zeros(len(rows))
    for name in shown:
        colour, hatch = _look(name)
        width = 100 * rows[f"{name}_share"].to_numpy()
        axes.barh(
            place,
            width,
            left=start,
            height=0.8,
            color=colour,
            hatch=hatch,
            edgecolor="white",
            linewidth=0.4,
        )
        start += width
    records = rows[varied].to_dict("records")
    axes.set_yticks(place, [" / ".join(map(level_text, row.values())) for row in records])
    axes.invert_yaxis()
    axes.set(xlim=(0, 100), xlabel="share of the fitted time of a call (%)")
    axes.grid(visible=False, axis="y")
