"""The paper's figures: the heat map of correlations and the box plots by level."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes

from tfscale.analysis.correlations import TIME, varying
from tfscale.figures.figure_axes import (
    amount,
    category_axis,
    hollow_handle,
    legend,
    level_handles,
    name_of,
)
from tfscale.figures.figure_axes import points as draw_points
from tfscale.figures.figure_data import Drawn, FigureData, in_words
from tfscale.figures.palette import MODELS
from tfscale.figures.style import HEIGHT_IN, LABELS, WIDE_IN, WIDTH_IN
from tfscale.units import seconds

BOXED = ("layers", "batch_size", "conv_size")
WIDTH_OF_BOX = 0.7


def heatmap(data: FigureData) -> Drawn:
    """Pearson correlations of the factors and the time of a pass, as in the paper; beside them
    Spearman's, and Pearson's of the logarithms."""
    factors = varying(data.cells)
    if not factors:
        return in_words("No correlations: every cell of this study has the same levels.")
    table = data.cells[[*factors, TIME]].astype(float)
    matrices = {
        "Pearson": table.corr(),
        "Spearman (ranks)": table.corr(method="spearman"),
        "Pearson of logarithms": np.log(table).corr(),
    }
    short = [LABELS[name].split(" (")[0] for name in table]
    figure, panels = plt.subplots(1, 3, figsize=(WIDE_IN, HEIGHT_IN * 0.9), sharey=True)
    for panel, (title, matrix) in zip(panels, matrices.items(), strict=True):
        sns.heatmap(
            matrix.round(2) + 0.0, vmin=-1, vmax=1, cmap="vlag", annot=True, fmt=".2f",
            square=True, ax=panel, xticklabels=short, yticklabels=short, cbar=False,
            linewidths=1, linecolor="white",
        )  # fmt: skip
        panel.set_title(title)
        panel.tick_params(axis="x", rotation=40)
        plt.setp(panel.get_xticklabels(), ha="right", rotation_mode="anchor")
    colours = panels[-1].collections[0]
    figure.colorbar(colours, ax=panels, label="correlation (-1 to 1)", shrink=0.8)
    return Drawn(figure, _correlation_words(data))


def _correlation_words(data: FigureData) -> list[str]:
    parts = [
        f"{name_of(row['factor'])} {row['pearson']:.2f} ({row['spearman']:.2f}, "
        f"{row['pearson_log']:.2f})"
        for row in data.fitted("correlations").to_dict("records")
    ]
    said = f"With the time of a pass, Pearson (Spearman, logarithms): {'; '.join(parts)}."
    return [said] if parts else []


def by_layers(data: FigureData) -> Drawn:
    """The time of a pass by layers."""
    return box_plot(data, "layers")


def by_batch_size(data: FigureData) -> Drawn:
    """The time of a pass by batch size."""
    return box_plot(data, "batch_size")


def by_conv_size(data: FigureData) -> Drawn:
    """The time of a pass by convolution size."""
    return box_plot(data, "conv_size")


def box_plot(data: FigureData, factor: str) -> Drawn:
    """Boxes of the time of a pass by level, every cell as a point, coloured by layers (or by
    convolution size where layers are on the axis)."""
    cells, hue = data.cells, "conv_size" if factor == "layers" else "layers"
    figure, axes = plt.subplots(figsize=(WIDTH_IN, HEIGHT_IN))
    boxes(axes, data, cells, factor, hue)
    amount(axes, "y", LABELS[TIME], cells[TIME], "s")
    legend(axes, [*level_handles(data, hue, cells), *hollow_handle(cells)], name_of(hue))
    return Drawn(figure, [_median_words(cells, factor)])


def boxes(axes: Axes, data: FigureData, cells: pd.DataFrame, factor: str, hue: str) -> pd.Series:
    """Boxes of the time of a pass at each level of the study's cells, and the cells as points,
    those of one level of `hue` above each other; returns the place of each point on the x axis."""
    levels, kinds = (sorted(data.cells[axis].unique()) for axis in (factor, hue))
    step = WIDTH_OF_BOX / len(kinds)
    shift = (cells[hue].map(kinds.index).astype(float) - (len(kinds) - 1) / 2) * step
    place = cells[factor].map(levels.index).astype(float) + shift
    axes.boxplot(
        [cells[cells[factor] == level][TIME] for level in levels],
        positions=range(len(levels)), widths=WIDTH_OF_BOX, showfliers=False, patch_artist=True,
        manage_ticks=False, boxprops={"facecolor": "0.92", "edgecolor": "0.6"},
        medianprops={"color": MODELS.get(data.model, "0.2"), "linewidth": 2},
        whiskerprops={"color": "0.6"}, capprops={"color": "0.6"},
    )  # fmt: skip
    draw_points(axes, data, cells, place, cells[TIME], hue)
    axes.grid(visible=False, axis="x")
    axes.set_xlim(-0.6, len(levels) - 0.4)
    category_axis(axes, factor, levels)
    return place


def _median_words(cells: pd.DataFrame, factor: str) -> str:
    medians = cells.groupby(factor)[TIME].median()
    first, last = medians.index[0], medians.index[-1]
    if first == last:
        return f"All cells have {name_of(factor)} {first}: this figure compares nothing."
    return (
        f"The median pass takes {seconds(medians[first])} at {name_of(factor)} {first} and "
        f"{seconds(medians[last])} at {last}."
    )
