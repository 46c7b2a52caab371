"""The laws of each factor with their bands, and the interaction of layers and convolution size."""

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from tfscale.analysis.correlations import varying
from tfscale.analysis.law_forms import FORMS, LAWS, Form, predicted
from tfscale.analysis.slicing import called, slices
from tfscale.figures.figure_axes import (
    amount,
    hollow_handle,
    legend,
    level_axis,
    level_handles,
    name_of,
)
from tfscale.figures.figure_axes import points as draw_points
from tfscale.figures.figure_data import Drawn, FigureData, in_words
from tfscale.figures.palette import named
from tfscale.figures.style import HEIGHT_IN, LABELS
from tfscale.phrases import times

GRID = 120
PANEL_IN = 3.6
MOST_COLUMNS = 3


def laws(data: FigureData) -> Drawn:
    """Relative latency against each factor with the log, linear and power law and the nearest of
    the other forms, each with the band of its growth."""
    fits = data.fitted("laws")
    known = set(fits.loc[fits["intercept"].notna(), "factor"])
    factors = [factor for factor in varying(data.cells) if factor in known]
    if not factors:
        return in_words("No law: no two cells of this study differ in one factor alone.")
    columns, rows = min(len(factors), MOST_COLUMNS), -(-len(factors) // MOST_COLUMNS)
    size = (max(PANEL_IN * columns + 1.5, 6), HEIGHT_IN * rows)
    figure, panels = plt.subplots(rows, columns, figsize=size, squeeze=False)
    drawn: list[str] = []
    for axes, factor in zip(panels.flat, factors, strict=False):
        own = fits[fits["factor"] == factor].set_index("law")
        drawn += _panel(axes, data, factor, own)
    for axes in panels.flat[len(factors) :]:
        axes.set_axis_off()
    for first in panels[:, 0]:
        first.set_ylabel(LABELS["relative"])
    shown = [law for law in FORMS if law in drawn]
    legend(panels[0][-1], [_law_handle(law) for law in shown], "law")
    hue = level_handles(data, "layers", data.cells)
    legend(panels[0][-1], [*hue, *hollow_handle(data.cells)], name_of("layers"), 0.45)
    return Drawn(figure, [_words(factor, fits[fits["factor"] == factor]) for factor in factors])


def _panel(axes: Axes, data: FigureData, factor: str, fits: pd.DataFrame) -> list[str]:
    """Points, curves and bands along a factor; returns the laws that it shows."""
    relative, _ = slices(data.cells, factor)
    used = data.cells.loc[relative.index]
    levels = called(used, factor)
    grid = np.geomspace(levels.min(), levels.max(), GRID)
    grid[[0, -1]] = levels.min(), levels.max()
    shown = _shown(fits)
    for law in shown:
        colour, _, dash = named(list(FORMS).index(law))
        fit = fits.loc[law]
        axes.plot(grid, predicted(law, grid, fit), color=colour, linestyle=dash, linewidth=1.8,
                  zorder=4)  # fmt: skip
        edges = band(FORMS[law], grid, levels.to_numpy(), fit)
        if edges is not None:
            axes.fill_between(grid, *edges, color=colour, alpha=0.12, linewidth=0)
    draw_points(axes, data, used, levels, relative, "layers", 18)
    amount(axes, "y", "", relative, None)
    level_axis(axes, factor, sorted(levels.unique()))
    return shown


def _shown(fits: pd.DataFrame) -> list[str]:
    """The laws that are always drawn, and the nearest of those that compete."""
    chosen = [law for law in LAWS if law in fits.index]
    competing = fits[fits["weight"].notna()]
    if len(competing):
        chosen.append(str(competing["delta_aicc"].astype(float).idxmin()))
    return list(dict.fromkeys(chosen))


def band(
    form: Form, grid: np.ndarray, levels: np.ndarray, fit: Mapping[str, float]
) -> tuple[np.ndarray, np.ndarray] | None:
    """The curves of a law of one shape whose growth is at the bounds of its interval, relative to
    their geometric mean over the cells' `levels`; None for other laws and without an interval."""
    bounds = np.log([float(fit["ratio_low"]), float(fit["ratio_high"])])
    if form.shapes != 1 or not np.isfinite(bounds).all():
        return None
    x = np.union1d(grid, levels)
    logs = form.logs(x, bounds[:, None])
    centred = logs - logs[:, np.searchsorted(x, levels)].mean(axis=1, keepdims=True)
    at = np.exp(centred[:, np.searchsorted(x, grid)])
    return at.min(axis=0), at.max(axis=0)


def _law_handle(law: str) -> Line2D:
    colour, _, dash = named(list(FORMS).index(law))
    return Line2D([], [], color=colour, linestyle=dash, linewidth=1.8, label=law)


def _words(factor: str, fits: pd.DataFrame) -> str:
    first = fits.iloc[0]
    competing = fits[fits["weight"].notna()]
    growth = ""
    if len(competing):
        best = competing.loc[competing["delta_aicc"].astype(float).idxmin()]
        if np.isfinite(best["ratio_low"]):
            ratio = times(best["ratio"], best["ratio_low"], best["ratio_high"])
            growth = f", by {best['law']} {ratio} from {best['lowest']:g} to {best['highest']:g}"
    return f"{name_of(factor).capitalize()}: {first['verdict']}{growth}."
