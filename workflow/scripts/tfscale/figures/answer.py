"""The first screen: time against work, what drives it, where a larger batch stops paying."""

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from tfscale.analysis.answers import batch_words, border_row, border_words, driver_words, swept
from tfscale.analysis.border import call_flop
from tfscale.analysis.predictions import with_sampled
from tfscale.analysis.slices import usual
from tfscale.analysis.words import level
from tfscale.axes import COMPARED
from tfscale.figures.look import (
    LABELS,
    MANY_POINTS,
    Drawn,
    FigureData,
    amount,
    evenly,
    hollow_handle,
    in_words,
    level_axis,
    level_handles,
    points,
)
from tfscale.units import three
from tfscale.words import axis_name, between

SMALL_IN = (4.8, 4.0)
GIGA = 1e9
OVERHEAD, WORK = "0.90", "0.97"
"""Greys of the two zones."""
MODEL_LINE: dict[str, Any] = {"color": "black", "linewidth": 1.4}


def border(data: FigureData) -> Drawn:
    """Latency against the FLOP of a call, with the work model's line, the machine's roof, and the
    border between the zone of overhead and that of work."""
    row = border_row(data.fitted("borders"))
    cells = usual(data.cells, COMPARED)
    cells = cells.assign(x=call_flop(cells), y=cells["latency_s"])
    cells = cells[cells["x"] > 0]
    if row is None or cells.empty:
        return in_words("The work of these models could not be counted.")
    figure, axes = plt.subplots(figsize=SMALL_IN)
    by = _driving(data)
    intervals = cells.dropna(subset=["latency_low_s"])
    low, high = intervals["latency_low_s"], intervals["latency_high_s"]
    many = len(intervals) > MANY_POINTS
    axes.vlines(intervals["x"], low, high, color="0.4", lw=1, rasterized=many)
    points(axes, data, cells, by, size=26)
    predicted = _predicted(data)
    axes.scatter(predicted["x"], predicted["latency_s"], **PREDICTED, rasterized=True)
    handles = [*level_handles(data, by, cells), *hollow_handle(cells)]
    if len(predicted):
        handles.append(Line2D([], [], linestyle="", marker=".", color="0.6", label="predicted"))
    handles += _lines(axes, data, row, cells)
    every = [*cells["y"], *predicted["latency_s"]]
    amount(axes.xaxis, LABELS["flop_per_call"], [*cells["x"], *predicted["x"]], log=True)
    amount(axes.yaxis, LABELS["latency_s"], every, "s", log=True)
    axes.set_ylim(min(every) / 2.5, max(every) * 1.8)
    _zones(axes, row)
    _below(figure, handles, axis_name(by))
    return Drawn(figure, border_words(row))


PREDICTED: dict[str, Any] = {"s": 4, "color": "0.6", "linewidths": 0, "zorder": 1}


def _predicted(data: FigureData) -> pd.DataFrame:
    """The cells that a sample leaves out, at the FLOP of a call."""
    table = data.fitted("predictions")
    table = table[(table["why"] == "sample") & (table["latency_s"] > 0)]
    return table.assign(x=table["called_batch"] * table["flop_per_example"])


def _driving(data: FigureData) -> str:
    """The axis that drives the time most; the family's first where none does."""
    found = data.fitted("drivers")["factor"]
    return str(found.iloc[0]) if len(found) else data.first


def _lines(axes: Axes, data: FigureData, row: dict, cells: pd.DataFrame) -> list[Line2D]:
    """The work model and the roof as lines; their legend."""
    grid = np.geomspace(cells["x"].min(), cells["x"].max(), 80)
    handles = []
    fitted = data.fitted("regimes").set_index("cell").reindex(cells["cell"])
    work_s = (fitted["fitted_s"] * (1 - fitted["overhead_bound_share"])).to_numpy(float)
    some = work_s > 0
    if some.sum() > 1 and np.isfinite(row["overhead_s"]):
        slope, at_zero = np.polyfit(np.log(cells["x"][some]), np.log(work_s[some]), 1)
        axes.plot(grid, row["overhead_s"] + np.exp(at_zero) * grid**slope, **MODEL_LINE)
        handles.append(Line2D([], [], **MODEL_LINE, label="overhead + work"))
    roofs = data.roofs[data.roofs["threads"] == row["threads"]]
    for roof in roofs.nlargest(1, "peak_gflop_per_s").to_dict("records"):
        dotted: dict[str, Any] = {"color": "0.35", "linestyle": (0, (1, 1.5)), "linewidth": 1.2}
        axes.plot(grid, grid / (roof["peak_gflop_per_s"] * GIGA), **dotted)
        label = f"peak, {roof['peak_gflop_per_s']:.0f} GFLOP/s"
        handles.append(Line2D([], [], **dotted, label=label))
    return handles


def _zones(axes: Axes, row: dict) -> None:
    """Shade overhead and work, with the border and its interval between them."""
    place, (left, right) = row["border_flop"], axes.get_xlim()
    if not np.isfinite(place):
        return
    inside = min(max(place, left), right)
    axes.axvspan(left, inside, color=OVERHEAD, zorder=0, lw=0)
    axes.axvspan(inside, right, color=WORK, zorder=0, lw=0)
    low, high = (row[f"border_{end}_flop"] for end in ("low", "high"))
    if left < place < right:
        axes.axvline(place, color="black", linestyle="--", linewidth=1)
        if np.isfinite([low, high]).all():
            axes.axvspan(max(low, left), min(high, right), color="0.72", zorder=0.5, lw=0)
    axes.set_xlim(left, right)
    style: dict[str, Any] = {"transform": axes.get_xaxis_transform(), "fontweight": "bold"}
    if inside > left:  # in the corners that no growing time comes near
        axes.text(left * 1.15, 0.98, "overhead", ha="left", va="top", **style)
    if inside < right:
        axes.text(right / 1.15, 0.02, "work", ha="right", va="bottom", **style)


def drivers(data: FigureData) -> Drawn:
    """A bar an axis: how many times as long a call takes at its highest level as at its lowest."""
    table = data.fitted("drivers")
    if table.empty:
        return in_words("No two cells of this study differ in one axis alone.")
    rows, place = table.to_dict("records"), np.arange(len(table))
    ratio, low, high = table[["ratio", "ratio_low", "ratio_high"]].to_numpy(float).T
    figure, axes = plt.subplots(figsize=SMALL_IN)
    batch = (table["factor"] == "batch_size").to_numpy()
    bars = axes.barh(
        place, ratio - 1, left=1, height=0.5, color=np.where(batch, "0.7", data.colour)
    )
    for bar, row in zip(bars, rows, strict=True):
        bar.set_alpha(0.5 if row["predicted"] else 1)
    axes.hlines(place, low, high, color="black", linewidth=1.6)
    for ends in (low, high):
        axes.plot(ends, place, "|", color="black", markersize=9)
    inside = axes.get_yaxis_transform()
    for at, row in zip(place, rows, strict=True):
        name = f"{axis_name(row['factor'])} {level(row['lowest'])} to {level(row['highest'])}"
        name += ", more examples" * (row["factor"] == "batch_size")
        size = f"{three(row['ratio'])} {between(row['ratio_low'], row['ratio_high'])}"
        said = axes.text(0.01, at - 0.3, f"{name}: {size}", transform=inside, va="bottom")
        said.set_bbox({"facecolor": "white", "edgecolor": "none", "pad": 1})
    unit = "ratio; pale: predicted" if table["predicted"].any() else "ratio"
    amount(axes.xaxis, f"times as long ({unit})", [1, *ratio, *low, *high], None, log=True)
    axes.set(yticks=[], ylim=(len(table) - 0.5, -0.8))
    axes.axvline(1, color="black", linewidth=1)
    axes.grid(visible=False, axis="y")
    return Drawn(figure, list(filter(None, map(driver_words, rows))))


MOST_LINES = 5


def batches(data: FigureData) -> Drawn:
    """Throughput against batch size, a line an architecture with the most batch sizes; a ring where
    a larger one gains less than 10 %."""
    table = data.fitted("saturation")
    rows = swept(table, fewest=2)
    rows = rows.iloc[evenly(len(rows), MOST_LINES)]
    if rows.empty:
        return in_words("No model of this study was called with two batch sizes.")
    known = [axis for axis in data.order if axis in table]
    by = next((axis for axis in known if rows[axis].nunique() > 1), known[0])
    lines = [_line_of(data, row, known) for row in rows.to_dict("records")]
    figure, axes = plt.subplots(figsize=SMALL_IN)
    for row, own in zip(rows.to_dict("records"), lines, strict=True):
        timed = np.flatnonzero(own["predicted"] == 0)
        axes.plot(
            own["called_batch"],
            own["throughput_per_s"],
            color=data.palette.colour(by, own[by].iloc[0]),
            marker=data.palette.marker(by, own[by].iloc[0]),
            markevery=timed.tolist(),
            linestyle=data.palette.dash(by, own[by].iloc[0]),
        )
        enough = own[own["called_batch"] == row["enough_batch"]]
        axes.plot(enough["called_batch"], enough["throughput_per_s"], **RING)
    cells = pd.concat(lines)
    level_axis(axes, "batch_size", sorted(cells["called_batch"].unique()))
    amount(axes.yaxis, LABELS["throughput_per_s"], cells["throughput_per_s"], log=True)
    handles = []
    if rows["enough_batch"].notna().any():
        handles.append(Line2D([], [], **RING, label="enough: 90 % of its highest"))
    if cells["predicted"].any():
        handles.append(Line2D([], [], color="0.4", label="no mark: predicted"))
    _below(figure, [*level_handles(data, by, cells, line=True), *handles], axis_name(by))
    return Drawn(figure, batch_words(table))


RING: dict[str, Any] = {
    "marker": "o",
    "linestyle": "",
    "markersize": 12,
    "markerfacecolor": "none",
    "markeredgecolor": "black",
}


def _line_of(data: FigureData, row: dict, known: list[str]) -> pd.DataFrame:
    """The cells of an architecture, by batch, with those that a sample leaves out."""
    cells = with_sampled(data.cells, data.fitted("predictions"))
    own = cells[(cells[known] == [row[axis] for axis in known]).all(axis=1)]
    own = own.sort_values("called_batch")
    return own.assign(throughput_per_s=own["called_batch"] / own["latency_s"])


def _below(figure: Figure, handles: list[Line2D], title: str) -> None:
    """A legend below the axes."""
    look: dict[str, Any] = {"frameon": False, "fontsize": "small", "title_fontsize": "small"}
    figure.legend(handles=handles, title=title, loc="outside lower center", ncols=3, **look)
