"""Latency against work with the measured roofs, and the roofline."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.lines import Line2D

from tfscale.analysis.group_words import counted
from tfscale.figures.figure_axes import MANY_POINTS, amount, hollow_handle, legend, level_handles
from tfscale.figures.figure_axes import points as draw_points
from tfscale.figures.figure_data import Drawn, FigureData, in_words
from tfscale.figures.palette import named
from tfscale.figures.style import HEIGHT_IN, LABELS, WIDTH_IN
from tfscale.phrases import share

GIGA = 1e9
BOUNDS = {"overhead-bound": "o", "compute-bound": "^", "memory-bound": "s"}
UNSURE = "X"


def work(data: FigureData) -> Drawn:
    """Latency against the FLOP of a call: measured, fitted by the work model, and the time that the
    machine's measured peak would take."""
    cells = with_fit(data)
    if cells.empty:
        return in_words("No work model was fitted to these cells.")
    figure, axes = plt.subplots(figsize=(WIDTH_IN, HEIGHT_IN))
    draw_points(axes, data, cells, cells["flop_per_call"], cells["latency_s"], "layers")
    axes.scatter(
        cells["flop_per_call"], cells["fitted_s"], marker="_", color="black", s=60, linewidths=1.2,
        zorder=4, rasterized=len(cells) > MANY_POINTS,
    )  # fmt: skip
    handles = [Line2D([], [], color="black", marker="_", linestyle="", label="work model")]
    ends = np.array([cells["flop_per_call"].min(), cells["flop_per_call"].max()])
    for place, roof in enumerate(data.roofs.to_dict("records")):
        colour, _, dash = named(place)
        axes.plot(ends, ends / (roof["peak_gflop_per_s"] * GIGA), color=colour, linestyle=dash)
        handles.append(Line2D([], [], color=colour, linestyle=dash, label=_roof_name(roof)))
    floor_s = cells["floor_s"].median()
    if np.isfinite(floor_s):
        axes.axhline(floor_s, color="0.5", linestyle=(0, (1, 1.5)))
        handles.append(
            Line2D([], [], color="0.5", linestyle=(0, (1, 1.5)), label="identity model\n(median)")
        )
    amount(axes, "x", LABELS["flop_per_call"], cells["flop_per_call"])
    amount(axes, "y", LABELS["latency_s"], [*cells["latency_s"], *_least(data, ends)], "s")
    axes.set_ylim(bottom=0.7 * np.nanmin([cells["latency_s"].min(), floor_s]))
    legend(axes, [*level_handles(data, "layers", cells), *hollow_handle(cells)], "layers")
    legend(axes, handles, "lines and ticks", 0.45)
    return Drawn(figure, _share_words(data, cells))


def roofline(data: FigureData) -> Drawn:
    """FLOP/s that a call reaches against its FLOP a byte, under the measured peak and copy rate;
    the marker says what holds the cell up (Williams, Waterman and Patterson 2009)."""
    cells = with_fit(data)
    if cells.empty:
        return in_words("No roofline: no work model was fitted to these cells.")
    moved = [name for name in cells if name.endswith("_moved_bytes")]
    traffic = cells["read_weight_bytes"] + cells["called_batch"] * cells[moved].sum(axis=1)
    intensity, reached = (
        cells["flop_per_call"] / traffic,
        cells["flop_per_call"] / cells["latency_s"],
    )
    figure, axes = plt.subplots(figsize=(WIDTH_IN, HEIGHT_IN))
    kinds = cells["label"].map(BOUNDS).fillna(UNSURE)
    for (layers, marker), rows in cells.groupby(["layers", kinds]):
        axes.scatter(
            intensity[rows.index], reached[rows.index], marker=marker, s=34, zorder=3,
            color=[data.palette.colour("layers", layers)], edgecolors="white", linewidths=0.5,
            rasterized=len(cells) > MANY_POINTS,
        )  # fmt: skip
    grid = np.geomspace(intensity.min(), intensity.max(), 100)
    handles = []
    tops: list[float] = []
    for place, roof in enumerate(data.roofs.to_dict("records")):
        colour, _, dash = named(place)
        top = np.minimum(roof["peak_gflop_per_s"], roof["peak_gbyte_per_s"] * grid) * GIGA
        axes.plot(grid, top, color=colour, linestyle=dash)
        handles.append(Line2D([], [], color=colour, linestyle=dash, label=_roof_name(roof)))
        tops += top.tolist()
    amount(axes, "x", "arithmetic intensity (FLOP a byte)", intensity)
    amount(axes, "y", "work done (FLOP/s)", [*reached, *tops])
    marks = [*BOUNDS.items(), ("undetermined", UNSURE)]
    handles += [Line2D([], [], color="0.4", marker=marker, linestyle="", label=label)
                for label, marker in marks if (kinds == marker).any()]  # fmt: skip
    dots = [Line2D([], [], color=data.palette.colour("layers", level), marker="s", linestyle="",
                   label=f"{level}") for level in sorted(cells["layers"].unique())]  # fmt: skip
    legend(axes, dots, "layers (colour)")
    legend(axes, handles, "roof and what\nholds a cell up", 0.5)
    return Drawn(figure, _bound_words(cells) + _share_words(data, cells))


def with_fit(data: FigureData) -> pd.DataFrame:
    """The cells with their FLOP a call (`flop_per_call`), fitted latency and label of regime."""
    fitted = data.fitted("regimes")[["cell", "fitted_s", "label"]]
    cells = data.cells.merge(fitted, on="cell")
    return cells.assign(flop_per_call=cells["called_batch"] * cells["flop_per_example"])


def _roof_name(roof: dict) -> str:
    threads = counted(roof["threads"], "thread")
    return f"peak of {threads}\n({roof['peak_gflop_per_s']:.0f} GFLOP/s)"


def _least(data: FigureData, flop: np.ndarray) -> np.ndarray:
    """What the work would take at the best peak (s)."""
    if data.roofs.empty:
        return np.array([])
    return flop / (data.roofs["peak_gflop_per_s"].max() * GIGA)


def _share_words(data: FigureData, cells: pd.DataFrame) -> list[str]:
    own = cells.merge(data.roofs, on="threads") if len(data.roofs) else cells.iloc[:0]
    if own.empty:
        return ["The roofs of this machine were not measured."]
    reached = own["flop_per_call"] / own["latency_s"] / GIGA / own["peak_gflop_per_s"]
    return [
        f"Cells reach {share(reached.min())} to {share(reached.max())} of the measured peak "
        f"(median {share(reached.median())})."
    ]


def _bound_words(cells: pd.DataFrame) -> list[str]:
    kinds = cells["label"].str.split(":").str[0].value_counts()
    return [
        f"Of {len(cells)} cells: " + ", ".join(f"{n} {kind}" for kind, n in kinds.items()) + "."
    ]
