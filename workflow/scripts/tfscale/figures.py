"""The figures: the paper's heat map and box plots, and the laws."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure

from tfscale.correlations import TIME, pearson_matrix, varying
from tfscale.law_forms import LAWS, predicted
from tfscale.slicing import slices
from tfscale.style import HEIGHT_IN, LABELS, PALETTE, WIDTH_IN

BOXES = {"by_layers": "layers", "by_batch_size": "batch_size", "by_conv_size": "conv_size"}
FIGURES = ("heatmap", *BOXES, "laws")
LOG_FROM_RATIO = 8


def draw(name: str, cells: pd.DataFrame, laws: pd.DataFrame) -> Figure:
    """Draw the named figure for the cells and laws of one model."""
    if name in BOXES:
        return box_plot(cells, BOXES[name])
    return heatmap(cells) if name == "heatmap" else law_plot(cells, laws)


def heatmap(cells: pd.DataFrame) -> Figure:
    """Pearson correlations of the factors and the time of a pass, as in the paper."""
    matrix = (pearson_matrix(cells).round(6) + 0.0).rename(index=LABELS, columns=LABELS)
    short = [label.split(" (")[0] for label in matrix]
    figure, axes = plt.subplots(figsize=(WIDTH_IN * 0.75, HEIGHT_IN))
    sns.heatmap(
        matrix, vmin=-1, vmax=1, cmap="vlag", annot=True, fmt=".2f", square=True, ax=axes,
        xticklabels=short, yticklabels=short, cbar_kws={"label": "Pearson correlation"},
    )  # fmt: skip
    axes.tick_params(axis="x", rotation=30)
    return figure


def box_plot(cells: pd.DataFrame, factor: str) -> Figure:
    """Boxes of the time of a pass by level, every cell as a point, coloured by layers (or by
    convolution size where layers are on the axis)."""
    hue = "conv_size" if factor == "layers" else "layers"
    figure, axes = plt.subplots(figsize=(WIDTH_IN, HEIGHT_IN))
    sns.boxplot(
        cells, x=factor, y=TIME, ax=axes, color="0.9", linecolor="0.4", fliersize=0, width=0.6
    )
    sns.stripplot(
        cells, x=factor, y=TIME, hue=hue, ax=axes, palette=PALETTE, size=6, jitter=0.18,
        edgecolor="white", linewidth=0.5,
    )  # fmt: skip
    axes.set(xlabel=LABELS[factor], ylabel=LABELS[TIME], yscale=_scale(cells[TIME]))
    sns.move_legend(axes, "upper left", bbox_to_anchor=(1, 1), title=LABELS[hue].split(" (")[0])
    return figure


def law_plot(cells: pd.DataFrame, laws: pd.DataFrame) -> Figure:
    """Relative time against each factor with the fitted log, linear and power law."""
    factors = [factor for factor in varying(cells) if len(slices(cells, factor)[0])] or ["layers"]
    size = (max(WIDTH_IN, 3.3 * len(factors)), HEIGHT_IN * 0.85)
    figure, panels = plt.subplots(
        1, len(factors), figsize=size, squeeze=False, layout="constrained"
    )
    for axes, factor in zip(panels[0], factors, strict=True):
        relative, _ = slices(cells, factor)
        sns.scatterplot(
            x=cells.loc[relative.index, factor], y=relative, ax=axes, color="0.35", s=18, alpha=0.6
        )
        grid = np.geomspace(cells[factor].min(), cells[factor].max(), 100)
        colours = sns.color_palette("colorblind", len(LAWS))
        for law, colour, dash in zip(LAWS, colours, ("-", "--", ":"), strict=True):
            fit = laws[(laws["factor"] == factor) & (laws["law"] == law)]
            if len(fit):
                curve = predicted(law, grid, fit.iloc[0])
                axes.plot(grid, curve, color=colour, linestyle=dash, linewidth=2, label=law)
        axes.set(xlabel=LABELS[factor].split(" (")[0], ylabel="", yscale=_scale(relative))
        levels = sorted(cells[factor].unique())
        axes.set_xscale("log")
        axes.set_xticks(levels, labels=levels)
        axes.minorticks_off()
    panels[0][0].set_ylabel("time relative to its slice")
    if len(laws):
        panels[0][-1].legend(title="law", loc="best")
    return figure


def _scale(values: pd.Series) -> str:
    return "log" if values.max() > LOG_FROM_RATIO * values.min() else "linear"
