"""Latency and throughput against batch size: from which batch on a call is worth its overhead."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from tfscale.figures.figure_axes import (
    amount,
    evenly,
    hollow_handle,
    legend,
    level_axis,
    level_handles,
    name_of,
)
from tfscale.figures.figure_axes import points as draw_points
from tfscale.figures.figure_data import Drawn, FigureData, in_words
from tfscale.figures.style import HEIGHT_IN, LABELS, WIDE_IN
from tfscale.units import three

MOST_CURVES = 5
BEYOND = 16
"""How many times the greatest batch the curves are drawn, and no more."""
REACHED = {"n_half": 0.5, "b90": 0.9}
SAME = ["conv_size", "input_size"]


def saturation(data: FigureData) -> Drawn:
    """Measured latency and throughput against batch with the work model's overhead + batch x cost
    of an example, n_half and B90; a curve a number of layers, dotted beyond what was measured."""
    cells = _swept(data.main)
    if cells["called_batch"].nunique() < 2:
        return in_words("No saturation: every call of this study has the same batch size.")
    fits = _fits(data, cells)
    if fits.empty:
        return in_words("No saturation: the work model has no cost of an example here.")
    figure, (left, right) = plt.subplots(1, 2, figsize=(WIDE_IN, HEIGHT_IN))
    own = cells[cells["layers"].isin(fits["layers"])]
    per_s = own["called_batch"] / own["latency_s"]
    _intervals(left, data, own)
    draw_points(left, data, own, own["called_batch"], own["latency_s"], "layers")
    draw_points(right, data, own, own["called_batch"], per_s, "layers")
    for fit in fits.to_dict("records"):
        _curves(left, right, data, fit, own["called_batch"].max())
    amount(left, "y", LABELS["latency_s"], own["latency_s"], "s")
    amount(right, "y", LABELS["throughput_per_s"], [*per_s, *_marked(fits)])
    levels = sorted(own["called_batch"].unique().tolist())
    for axes in (left, right):
        level_axis(axes, "batch_size", levels)
    amount(right, "x", LABELS["batch_size"], right.get_xlim())
    marks = [Line2D([], [], color="0.3", marker=marker, linestyle="-", label=label,
                    markerfacecolor="white")
             for marker, label in (("d", "n_half: 50 %"), ("p", "B90: 90 %"))]  # fmt: skip
    legend(right, [*level_handles(data, "layers", own, line=True), *hollow_handle(own)], "layers")
    legend(right, marks, "of the best throughput", 0.4)
    shape = ", ".join(f"{name_of(axis)} {cells[axis].iloc[0]}" for axis in SAME)
    return Drawn(figure, [f"Drawn for {shape}.", *_words(fits)])


def _swept(cells: pd.DataFrame) -> pd.DataFrame:
    """The cells of the convolution and input size with the most batch sizes and cells."""
    if cells.empty:
        return cells
    by_shape = cells.groupby(SAME)["called_batch"].agg(["nunique", "size"])
    best = by_shape.sort_values(["nunique", "size"], kind="stable").index[-1]
    return cells[(cells[SAME] == list(best)).all(axis=1)]


def _fits(data: FigureData, cells: pd.DataFrame) -> pd.DataFrame:
    """The rows of the table of saturation for at most 5 numbers of layers of these cells."""
    table = data.fitted("saturation")
    same = [axis for axis in table if axis in cells and axis not in ("machine", "model", "layers")]
    alike = (table[same] == cells[same].iloc[0]).all(axis=1) & (table["per_example_s"] > 0)
    table = table[alike & table["layers"].isin(cells["layers"])].sort_values("layers")
    count = min(len(table), MOST_CURVES)
    return table.iloc[evenly(len(table), count)]


def _intervals(axes: Axes, data: FigureData, cells: pd.DataFrame) -> None:
    for cell in cells.to_dict("records"):
        axes.plot(
            [cell["called_batch"]] * 2, [cell["latency_low_s"], cell["latency_high_s"]],
            color=data.palette.colour("layers", cell["layers"]), linewidth=1.2,
        )  # fmt: skip


def _curves(left: Axes, right: Axes, data: FigureData, fit: dict, greatest: int) -> None:
    layers, most = fit["layers"], BEYOND * greatest
    colour = data.palette.colour("layers", layers)
    place = fit["b90_examples"]
    far = min(max(2 * place if np.isfinite(place) else most, greatest), most)
    for batch, dash, width in (
        (np.geomspace(fit["least_batch"], greatest, 80), data.palette.dash("layers", layers), 1.5),
        (np.geomspace(greatest, far, 40), ":", 1.0),
    ):
        latency_s = fit["overhead_s"] + batch * fit["per_example_s"]
        right.plot(batch, batch / latency_s, color=colour, linestyle=dash, linewidth=width)
        if dash != ":":
            left.plot(batch, latency_s, color=colour, linestyle=dash, linewidth=width)
    for (name, share), marker in zip(REACHED.items(), ("d", "p"), strict=True):
        x, low, high = (fit[f"{name}{end}_examples"] for end in ("", "_low", "_high"))
        if fit["least_batch"] <= x <= most:
            y = share * fit["most_throughput_per_s"]
            right.plot([x], [y], color=colour, marker=marker, markerfacecolor="white", zorder=5)
            if np.isfinite(low) and np.isfinite(high):
                right.plot([max(low, fit["least_batch"]), min(high, most)], [y, y], color=colour)


def _marked(fits: pd.DataFrame) -> list[float]:
    return (REACHED["b90"] * fits["most_throughput_per_s"]).tolist()


def _words(fits: pd.DataFrame) -> list[str]:
    return [
        f"{row['layers']} layers: half of {three(row['most_throughput_per_s'])} examples/s at "
        f"batch {_batch(row, 'n_half')}, 90 % at {_batch(row, 'b90')}: {row['verdict']}."
        for row in fits.to_dict("records")
    ]


def _batch(row: dict, name: str) -> str:
    x, low, high = (row[f"{name}{end}_examples"] for end in ("", "_low", "_high"))
    interval = f" ({low:.3g} to {high:.3g})" if np.isfinite(low) and np.isfinite(high) else ""
    return f"{x:.3g}{interval}"
