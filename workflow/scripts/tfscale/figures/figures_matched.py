"""The box plots again, cells of one kind at a time: what the paper's boxes over all cells hide."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection

from tfscale.analysis.correlations import TIME
from tfscale.analysis.slicing import slice_numbers
from tfscale.figures.figure_axes import (
    MANY_POINTS,
    amount,
    evenly,
    hollow_handle,
    legend,
    level_handles,
    name_of,
)
from tfscale.figures.figure_data import Drawn, FigureData, in_words
from tfscale.figures.figures_paper import boxes
from tfscale.figures.style import HEIGHT_IN, LABELS, WIDE_IN
from tfscale.units import three

MOST_PANELS = 5
MOST_LEVEL = 5
"""Levels whose names stand beside each other in a panel; those of more stand upright."""
HIDDEN = 1.25
"""Matched cells that change so many times more than the medians are an effect that was hidden."""
FACETS = {"layers": ("conv_size", "batch_size"), "batch_size": ("layers", "conv_size"),
          "conv_size": ("layers", "batch_size")}  # fmt: skip
"""For each factor what the panels are by, and what the points are coloured by."""


def matched_layers(data: FigureData) -> Drawn:
    """The time of a pass by layers, a panel a convolution size."""
    return matched(data, "layers")


def matched_batch_size(data: FigureData) -> Drawn:
    """The time of a pass by batch size, a panel a number of layers."""
    return matched(data, "batch_size")


def matched_conv_size(data: FigureData) -> Drawn:
    """The time of a pass by convolution size, a panel a number of layers."""
    return matched(data, "conv_size")


def matched(data: FigureData, factor: str) -> Drawn:
    """Box plots on one logarithmic axis, a panel a level of the facet; a line joins the cells that
    differ in `factor` alone."""
    cells = data.cells
    ratios = matched_ratios(cells, factor)
    if ratios.empty:
        return in_words(f"No two cells of this study differ in {name_of(factor)} alone.")
    facet, hue = FACETS[factor]
    every = sorted(cells[facet].unique())
    count = min(len(every), MOST_PANELS)
    shown = [every[i] for i in evenly(len(every), count)]
    size = (max(WIDE_IN * count / MOST_PANELS, WIDE_IN * 0.6), HEIGHT_IN)
    figure, panels = plt.subplots(1, count, figsize=size, sharey=True, squeeze=False)
    for panel, level in zip(panels[0], shown, strict=True):
        own = cells[cells[facet] == level]
        place = boxes(panel, data, own, factor, hue)
        _joined(panel, own, place, factor)
        panel.set_title(f"{level}", fontsize="medium")
        amount(panel, "y", "", cells[TIME], "s", log=True)
    panels[0][0].set_ylabel(LABELS[TIME])
    for panel in panels[0]:
        panel.set_xlabel("")
        if cells[factor].nunique() > MOST_LEVEL:
            panel.tick_params(axis="x", labelrotation=90)
    figure.suptitle(name_of(facet), fontsize="medium")
    figure.supxlabel(LABELS[factor], fontsize="medium")
    legend(panels[0][-1], [*level_handles(data, hue, cells), *hollow_handle(cells)], name_of(hue))
    return Drawn(figure, _words(cells, factor, ratios))


def _joined(axes: Axes, cells: pd.DataFrame, place: pd.Series, factor: str) -> None:
    """A thin line through the points of each slice."""
    ordered = cells.sort_values(factor)
    slices = ordered.groupby(slice_numbers(ordered, factor), sort=False)
    lines = [np.column_stack([place[rows.index], rows[TIME]]) for _, rows in slices]
    many = len(cells) > MANY_POINTS
    look = {"linewidths": 0.3, "alpha": 0.3} if many else {"linewidths": 0.8}
    axes.add_collection(LineCollection(lines, colors="0.35", zorder=2.5, rasterized=many, **look))


def matched_ratios(cells: pd.DataFrame, factor: str) -> pd.Series:
    """For each slice with both the lowest and the highest level of `factor`: the time of a pass at
    the highest over that at the lowest."""
    low, high = cells[factor].min(), cells[factor].max()
    if low == high:
        return pd.Series(dtype=float)
    number = slice_numbers(cells, factor)
    times = cells.groupby([number, factor])[TIME].mean().unstack()
    return (times[high] / times[low]).dropna()


def _words(cells: pd.DataFrame, factor: str, ratios: pd.Series) -> list[str]:
    low, high = cells[factor].min(), cells[factor].max()
    medians = cells.groupby(factor)[TIME].median()
    marginal, own = medians[high] / medians[low], float(np.exp(np.log(ratios).mean()))
    hidden = max(own / marginal, marginal / own) > HIDDEN
    span = f"{three(ratios.min())} to {three(ratios.max())} over {len(ratios)} pairs"
    if len(ratios) == 1:
        span = "one pair"
    return [
        f"From {name_of(factor)} {low} to {high} the time of a pass changes {three(own)}-fold "
        f"between cells that differ in nothing else ({span}), the medians over all cells "
        f"{three(marginal)}-fold"
        + (": the box plot over all cells misleads here." if hidden else ".")
    ]
