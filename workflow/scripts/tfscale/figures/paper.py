"""Heat map, box plots, matched cells."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection

from tfscale.analysis.answers import driver_words
from tfscale.analysis.slices import TIME, slice_numbers, slices, usual, varying
from tfscale.analysis.words import level as level_text
from tfscale.axes import COMPARED
from tfscale.figures.look import (
    HEIGHT_IN,
    LABELS,
    MANY_POINTS,
    WIDE_IN,
    WIDTH_IN,
    Drawn,
    FigureData,
    amount,
    category_axis,
    evenly,
    in_words,
    level_legend,
)
from tfscale.figures.look import points as draw_points
from tfscale.units import seconds, three
from tfscale.words import axis_label, axis_name

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
    short = [*map(axis_name, factors), LABELS[TIME].split(" (")[0]]
    figure, panels = plt.subplots(1, 3, figsize=(WIDE_IN, HEIGHT_IN * 0.9), sharey=True)
    for panel, (title, matrix) in zip(panels, matrices.items(), strict=True):
        sns.heatmap(
            matrix.round(2) + 0.0,
            vmin=-1,
            vmax=1,
            cmap="vlag",
            annot=True,
            fmt=".2f",
            square=True,
            ax=panel,
            xticklabels=short,
            yticklabels=short,
            cbar=False,
            linewidths=1,
            linecolor="white",
        )
        panel.set_title(title)
        panel.tick_params(axis="x", rotation=40)
        plt.setp(panel.get_xticklabels(), ha="right", rotation_mode="anchor")
    colours = panels[-1].collections[0]
    figure.colorbar(colours, ax=panels, label="correlation (-1 to 1)", shrink=0.8)
    return Drawn(figure)


def box_plot(data: FigureData, factor: str) -> Drawn:
    """Boxes of the time of a pass by level, every cell as a point, coloured by the first axis that
    is not `factor`."""
    cells, hue = data.cells, next(axis for axis in data.order if axis != factor)
    figure, axes = plt.subplots(figsize=(WIDTH_IN, HEIGHT_IN))
    boxes(axes, data, cells, factor, hue)
    amount(axes.yaxis, LABELS[TIME], cells[TIME], "s")
    level_legend(axes, data, cells, hue)
    return Drawn(figure, [_median_words(cells, factor)])


def boxes(
    axes: Axes, data: FigureData, cells: pd.DataFrame, factor: str, hue: str, time: str = TIME
) -> pd.Series:
    """Boxes of a time at each level of the study's cells, and the cells as points,
    those of one level of `hue` above each other; returns the place of each point on the x axis."""
    levels, kinds = (sorted(data.cells[axis].unique()) for axis in (factor, hue))
    step = WIDTH_OF_BOX / len(kinds)
    shift = (cells[hue].map(kinds.index).astype(float) - (len(kinds) - 1) / 2) * step
    place = cells[factor].map(levels.index).astype(float) + shift
    axes.boxplot(
        [cells[cells[factor] == level][time] for level in levels],
        positions=range(len(levels)),
        widths=WIDTH_OF_BOX,
        showfliers=False,
        patch_artist=True,
        manage_ticks=False,
        boxprops={"facecolor": "0.92", "edgecolor": "0.6"},
        medianprops={"color": data.colour, "linewidth": 2},
        whiskerprops={"color": "0.6"},
        capprops={"color": "0.6"},
    )
    draw_points(axes, data, cells.assign(x=place, y=cells[time]), hue)
    axes.grid(visible=False, axis="x")
    axes.set_xlim(-0.6, len(levels) - 0.4)
    category_axis(axes, factor, levels)
    return place


def _median_words(cells: pd.DataFrame, factor: str) -> str:
    medians = cells.groupby(factor)[TIME].median()
    first, last = medians.index[0], medians.index[-1]
    if first == last:
        return f"All cells have {axis_name(factor)} {first}: this figure compares nothing."
    return (
        f"The median pass takes {seconds(medians[first])} at {axis_name(factor)} {first} and "
        f"{seconds(medians[last])} at {last}."
    )


MATCHED = "latency_s"
MOST_PANELS = 5
MOST_LEVEL = 5
"""Levels whose names stand beside each other in a panel; those of more stand upright."""
HIDDEN = 1.25
"""Matched cells that change so many times more than the medians are an effect that was hidden."""


def matched(data: FigureData, factor: str) -> Drawn:
    """Box plots on one logarithmic axis, a panel a level of the first axis that is not `factor`,
    coloured by the second; a line joins the cells that differ in `factor` alone."""
    cells = data.cells
    if slices(cells, factor)[0].empty:
        return in_words(f"No two timed cells differ in {axis_name(factor)} alone.")
    facet, hue = [axis for axis in data.order if axis != factor][:2]
    every = sorted(cells[facet].unique())
    count = min(len(every), MOST_PANELS)
    shown = [every[i] for i in evenly(len(every), count)]
    size = (max(WIDE_IN * count / MOST_PANELS, WIDE_IN * 0.6), HEIGHT_IN)
    figure, panels = plt.subplots(1, count, figsize=size, sharey=True, squeeze=False)
    for panel, level in zip(panels[0], shown, strict=True):
        own = cells[cells[facet] == level]
        place = boxes(panel, data, own, factor, hue, MATCHED)
        _joined(panel, own, place, factor)
        panel.set_title(level_text(level) if len(every) > 1 else "", fontsize="medium")
        amount(panel.yaxis, "", cells[MATCHED], "s", log=True)
    panels[0][0].set_ylabel(LABELS[MATCHED])
    for panel in panels[0]:
        panel.set_xlabel("")
        if cells[factor].nunique() > MOST_LEVEL:
            panel.tick_params(axis="x", labelrotation=90)
    if len(every) > 1:
        figure.suptitle(axis_name(facet), fontsize="medium")
    figure.supxlabel(axis_label(factor), fontsize="medium")
    if cells[hue].nunique() > 1:
        level_legend(panels[0][-1], data, cells, hue)
    return Drawn(figure, _words(data, factor))


def _joined(axes: Axes, cells: pd.DataFrame, place: pd.Series, factor: str) -> None:
    """A thin line through the points of each slice."""
    ordered = cells.sort_values(factor)
    lines_of = ordered.groupby(slice_numbers(ordered, factor), sort=False)
    lines = [np.column_stack([place[rows.index], rows[MATCHED]]) for _, rows in lines_of]
    many = len(cells) > MANY_POINTS
    look = {"linewidths": 0.3, "alpha": 0.3} if many else {"linewidths": 0.8}
    axes.add_collection(LineCollection(lines, colors="0.35", zorder=2.5, rasterized=many, **look))


def _words(data: FigureData, factor: str) -> list[str]:
    """How many times as long, of matched cells and, where that misleads, of the medians; nothing
    where pairs are predicted."""
    table = data.fitted("drivers")
    rows = table[(table["factor"] == factor) & (table["predicted"] == 0)]
    if rows.empty:
        return []
    row = rows.iloc[0]
    medians = usual(data.cells, COMPARED).groupby(factor)["latency_s"].median()
    marginal = medians[row["highest"]] / medians[row["lowest"]]
    misleads = f"The medians over all cells, {three(marginal)} times, mislead here."
    hidden = max(row["ratio"] / marginal, marginal / row["ratio"]) > HIDDEN
    return list(filter(None, [driver_words(row), misleads if hidden else ""]))
