"""Latency against work, roofline, shares, saturation."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from tfscale.analysis.border import call_flop
from tfscale.analysis.slices import shape
from tfscale.analysis.work_model import OPERATION_WORDS
from tfscale.axes import AXES
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
    hollow_handle,
    in_words,
    legend,
    level_axis,
    level_handles,
    level_text,
    named,
)
from tfscale.figures.look import points as draw_points
from tfscale.study.kinds import KINDS
from tfscale.words import axis_label, axis_name, counted, share

GIGA = 1e9
BOUNDS = {"overhead-bound": "o", "compute-bound": "^", "memory-bound": "s"}
UNSURE = "X"


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
        Line2D(
            [],
            [],
            color=data.palette.colour(data.first, level),
            marker="s",
            linestyle="",
            label=level_text(level),
        )
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


MOST_CURVES = 5
BEYOND = 16
"""How many times the greatest batch the curves are drawn, and no more."""
REACHED = {"n_half": 0.5, "b90": 0.9}


def saturation(data: FigureData) -> Drawn:
    """Measured latency and throughput against batch with the work model's overhead + batch x cost
    of an example, n_half and B90; a curve a level of the first axis, dotted beyond what was
    measured."""
    first = data.first
    same = [axis for axis in shape(data.cells) if axis != first]
    cells = _swept(data.main, same)
    if cells["called_batch"].nunique() < 2:
        return in_words("No saturation: every call of this study has the same batch size.")
    fits = _fits(data, cells)
    if fits.empty:
        return in_words("No saturation: the work model has no cost of an example here.")
    figure, (left, right) = plt.subplots(1, 2, figsize=(WIDE_IN, HEIGHT_IN))
    own = cells[cells[first].isin(fits[first])] if first != "batch_size" else cells
    per_s = own["called_batch"] / own["latency_s"]
    _intervals(left, data, own)
    own = own.assign(x=own["called_batch"])
    draw_points(left, data, own.assign(y=own["latency_s"]))
    draw_points(right, data, own.assign(y=per_s))
    for fit in fits.to_dict("records"):
        _curves(left, right, data, fit, own["called_batch"].max())
    amount(left.yaxis, LABELS["latency_s"], own["latency_s"], "s")
    amount(right.yaxis, LABELS["throughput_per_s"], [*per_s, *_marked(fits)])
    levels = sorted(own["called_batch"].unique().tolist())
    for axes in (left, right):
        level_axis(axes, "batch_size", levels)
    amount(right.xaxis, axis_label("batch_size"), right.get_xlim())
    marks = [
        Line2D(
            [], [], color="0.3", marker=marker, linestyle="-", label=label, markerfacecolor="white"
        )
        for marker, label in (("d", "n_half: 50 %"), ("p", "B90: 90 %"))
    ]
    lines = level_handles(data, first, own, line=True)
    legend(right, [*lines, *hollow_handle(own)], axis_name(first))
    legend(right, marks, "of the best throughput", 0.4)
    said = [
        f"{axis_name(axis)} {level_text(cells[axis].iloc[0])}"
        for axis in same
        if data.cells[axis].nunique() > 1
    ]
    return Drawn(figure, [f"Drawn for {', '.join(said)}."] if said else [])


def _swept(cells: pd.DataFrame, same: list[str]) -> pd.DataFrame:
    """The cells of the levels of `same` with the most batch sizes and cells."""
    if cells.empty or not same:
        return cells
    number = cells.groupby(same).ngroup()
    sizes = cells.groupby(number)["called_batch"].agg(["nunique", "size"])
    return cells[number == sizes.sort_values(["nunique", "size"], kind="stable").index[-1]]


def _fits(data: FigureData, cells: pd.DataFrame) -> pd.DataFrame:
    """The rows of the table of saturation for at most 5 levels of the first axis of these cells; of
    models without an axis the one row."""
    table, first = data.fitted("saturation"), data.first
    same = [axis for axis in AXES if axis in table and axis in cells and axis != first]
    alike = (table[same] == cells[same].iloc[0]).all(axis=1) & (table["per_example_s"] > 0)
    table = table.assign(**{first: table.get(first, cells[first].max())})[alike]
    table = table[table[first].isin(cells[first])].sort_values(first)
    count = min(len(table), MOST_CURVES)
    return table.iloc[evenly(len(table), count)]


def _intervals(axes: Axes, data: FigureData, cells: pd.DataFrame) -> None:
    for cell in cells.to_dict("records"):
        axes.plot(
            [cell["called_batch"]] * 2,
            [cell["latency_low_s"], cell["latency_high_s"]],
            color=data.palette.colour(data.first, cell[data.first]),
            linewidth=1.2,
        )


def _curves(left: Axes, right: Axes, data: FigureData, fit: dict, greatest: int) -> None:
    level, most = fit[data.first], BEYOND * greatest
    colour = data.palette.colour(data.first, level)
    place = fit["b90_examples"]
    far = min(max(2 * place if np.isfinite(place) else most, greatest), most)
    for batch, dash, width in (
        (np.geomspace(fit["least_batch"], greatest, 80), data.palette.dash(data.first, level), 1.5),
        (np.geomspace(greatest, far, 40), ":", 1.0),
    ):
        latency_s = fit["overhead_s"] + batch * fit["per_example_s"]
        right.plot(batch, batch / latency_s, color=colour, linestyle=dash, linewidth=width)
        if dash != ":":
            left.plot(batch, latency_s, color=colour, linestyle=dash, linewidth=width)
    for (name, reached), marker in zip(REACHED.items(), ("d", "p"), strict=True):
        x, low, high = (fit[f"{name}{end}_examples"] for end in ("", "_low", "_high"))
        if fit["least_batch"] <= x <= most:
            y = reached * fit["most_throughput_per_s"]
            right.plot([x], [y], color=colour, marker=marker, markerfacecolor="white", zorder=5)
            if np.isfinite(low) and np.isfinite(high):
                right.plot([max(low, fit["least_batch"]), min(high, most)], [y, y], color=colour)


def _marked(fits: pd.DataFrame) -> list[float]:
    return (REACHED["b90"] * fits["most_throughput_per_s"]).tolist()
