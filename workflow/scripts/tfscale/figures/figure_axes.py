"""Axes with units, points by level, legends: what all figures share."""

from collections.abc import Iterable, Sequence
from textwrap import fill
from typing import Literal

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.legend import Legend
from matplotlib.lines import Line2D
from matplotlib.ticker import EngFormatter, FuncFormatter, LogLocator, NullFormatter, NullLocator

from tfscale.axis_words import AXIS_WORDS
from tfscale.figures.figure_data import DOUBTFUL, FigureData
from tfscale.figures.style import LABELS

LOG_FROM_RATIO = 8
FINE_UP_TO = {"x": 40, "y": 900}
"""The greatest ratio at which a logarithmic axis has room for ticks at 1, 2 and 5."""
MOST_LEVELS = 10
"""Of a factor's levels so many have a tick or stand in a legend."""
MANY_POINTS = 400
"""From so many points on they are pixels in the SVG, which stays small that way."""
Which = Literal["x", "y"]


def amount(
    axes: Axes, which: Which, label: str, values: Iterable[float], unit: str | None = "",
    log: bool = False,
) -> None:  # fmt: skip
    """Label an axis of amounts and write its ticks with SI prefixes (plain ones for ratios, whose
    unit is None); logarithmic with `log` and where the values are positive and span a factor of
    8."""
    found = np.asarray(list(values), dtype=float)
    found = found[np.isfinite(found)]
    axis = axes.xaxis if which == "x" else axes.yaxis
    ratio = found.max() / found.min() if len(found) and found.min() > 0 else 1.0
    if log or ratio > LOG_FROM_RATIO:
        axes.set(**{f"{which}scale": "log"})
        subs = (1.0,) if ratio > FINE_UP_TO[which] else (1.0, 2.0, 5.0)
        axis.set_major_locator(LogLocator(10, subs=subs, numticks=8))
        axis.set_minor_formatter(NullFormatter())
    axis.set_major_formatter(FuncFormatter(_plain) if unit is None else EngFormatter(unit))
    axis.set_label_text(label)


def _plain(value: float, place: int) -> str:
    return f"{value:g}"


def level_axis(axes: Axes, factor: str, levels: Sequence[float]) -> None:
    """A logarithmic x axis with a tick at each level (at most 10 of them)."""
    axes.set_xscale("log")
    axes.set_xticks(*_ticks(levels, [float(level) for level in levels]))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlabel(LABELS[factor])


def category_axis(axes: Axes, factor: str, levels: Sequence[float]) -> None:
    """An x axis with the levels at 0, 1, 2 ..."""
    axes.set_xticks(*_ticks(levels, [float(place) for place in range(len(levels))]))
    axes.set_xlabel(LABELS[factor])


def _ticks(levels: Sequence[float], places: list[float]) -> tuple[list[float], list[str]]:
    chosen = evenly(len(levels), MOST_LEVELS)
    return [places[i] for i in chosen], [f"{levels[i]:g}" for i in chosen]


def evenly(count: int, most: int) -> list[int]:
    """At most so many of the places 0 to count - 1, evenly, the first and the last among them."""
    return np.linspace(0, count - 1, min(count, most)).round().astype(int).tolist()


def points(
    axes: Axes, data: FigureData, rows: pd.DataFrame, x: Iterable[float], y: Iterable[float],
    factor: str, size: float = 30,
) -> None:  # fmt: skip
    """A point a row in the colour and marker of its level of `factor`; hollow where `rows` says
    that it is doubtful."""
    places = pd.DataFrame({"x": np.asarray(x, float), "y": np.asarray(y, float)})
    levels = rows[factor].to_numpy()
    doubtful = rows["doubtful"].to_numpy(bool) if "doubtful" in rows else np.zeros(len(rows), bool)
    for level in np.unique(levels):
        colour = data.palette.colour(factor, level)
        for hollow in (False, True):
            own = places[(levels == level) & (doubtful == hollow)]
            if len(own):
                axes.scatter(
                    own["x"], own["y"], s=size, marker=data.palette.marker(factor, level),
                    facecolors="white" if hollow else [colour],
                    edgecolors=[colour] if hollow else "white",
                    linewidths=1.4 if hollow else 0.5, alpha=0.9, zorder=3,
                    rasterized=len(rows) > MANY_POINTS,
                )  # fmt: skip


def level_handles(data: FigureData, factor: str, rows: pd.DataFrame, line=False) -> list[Line2D]:
    """What a legend shows of the levels that `rows` have (at most 10 of them)."""
    levels = np.unique(rows[factor])
    return [
        Line2D(
            [], [], color=data.palette.colour(factor, level),
            marker=data.palette.marker(factor, level),
            linestyle=data.palette.dash(factor, level) if line else "", label=f"{level:g}",
        )
        for level in levels[evenly(len(levels), MOST_LEVELS)]
    ]  # fmt: skip


def hollow_handle(rows: pd.DataFrame) -> list[Line2D]:
    """A legend entry for hollow points, if there are any."""
    if not rows.get("doubtful", pd.Series(dtype=bool)).any():
        return []
    return [
        Line2D([], [], color="0.3", marker="o", linestyle="", markerfacecolor="white",
               label=fill(DOUBTFUL, 22))
    ]  # fmt: skip


def legend(axes: Axes, handles: list[Line2D], title: str, place: float = 1.0) -> None:
    """A legend to the right of the axes, its top at `place` of their height."""
    if handles:
        made = Legend(
            axes, handles, [str(handle.get_label()) for handle in handles], title=title,
            loc="upper left", bbox_to_anchor=(1.01, place), frameon=False, borderaxespad=0,
            alignment="left",
        )  # fmt: skip
        axes.add_artist(made)  # so that there may be several
        made.set_clip_on(False)


def name_of(factor: str) -> str:
    """The factor's name for a legend's title."""
    return AXIS_WORDS[factor].name
