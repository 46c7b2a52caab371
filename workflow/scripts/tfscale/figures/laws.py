"""Laws, interaction, thresholds."""

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from tfscale.analysis.law_fits import FORMS, LAWS, Form, predicted
from tfscale.analysis.slices import called, shape, slices, varying
from tfscale.analysis.sweeps import sweep_rows
from tfscale.analysis.words import level as level_text
from tfscale.axes import AXES
from tfscale.figures.look import (
    HEIGHT_IN,
    LABELS,
    WIDE_IN,
    WIDTH_IN,
    Drawn,
    FigureData,
    amount,
    category_axis,
    in_words,
    legend,
    level_axis,
    level_handles,
    level_legend,
    named,
)
from tfscale.figures.look import points as draw_points
from tfscale.words import axis_label, axis_name

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
    level_legend(panels[0][-1], data, data.cells, place=0.45)
    return Drawn(figure)


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
        axes.plot(
            grid, predicted(law, grid, fit), color=colour, linestyle=dash, linewidth=1.8, zorder=4
        )
        edges = band(FORMS[law], grid, levels.to_numpy(), fit)
        if edges is not None:
            axes.fill_between(grid, *edges, color=colour, alpha=0.12, linewidth=0)
    draw_points(axes, data, used.assign(x=levels, y=relative), size=18)
    amount(axes.yaxis, "", relative, None)
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


def interaction(data: FigureData) -> Drawn:
    """Latency against the first axis of the models that varies, a line a level of the second:
    parallel lines on the logarithmic axis (and level ones in the ratio beside it) mean that the two
    effects only multiply."""
    pair = [axis for axis in shape(data.cells) if data.cells[axis].nunique() > 1][:2]
    first, second = sorted(pair, key=lambda axis: not AXES[axis].ordered) if pair[1:] else ("", "")
    means = matched_means(data.cells, first, second) if first else pd.DataFrame()
    if min(means.shape) < 2:
        return in_words(
            "No interaction: it takes two axes of the models with two levels each, each with each "
            "and all else equal."
        )
    figure, (left, right) = plt.subplots(1, 2, figsize=(WIDE_IN, HEIGHT_IN))
    base, levels = means.columns[0], means.index.tolist()
    places = levels if AXES[first].ordered else range(len(levels))
    ratio = means.div(means[base], axis=0)
    for level in means:
        look = {
            "color": data.palette.colour(second, level),
            "marker": data.palette.marker(second, level),
            "linestyle": data.palette.dash(second, level),
        }
        left.plot(places, means[level], **look)
        right.plot(places, ratio[level], **look)
    amount(left.yaxis, "latency of a call, geometric mean (s)", means.to_numpy().ravel(), "s")
    over = f"latency over that of {axis_name(second)} {level_text(base)} (ratio)"
    amount(right.yaxis, over, ratio.stack(), None)
    for axes in (left, right):
        (level_axis if AXES[first].ordered else category_axis)(axes, first, levels)
    handles = level_handles(data, second, data.cells, line=True)
    legend(right, handles, axis_label(second).replace(" (", "\n("))
    return Drawn(figure, [_ratio_words(ratio)])


def matched_means(cells: pd.DataFrame, first: str, second: str) -> pd.DataFrame:
    """Geometric mean latency (s) by the levels of two axes (rows and columns), over the settings
    of all other axes that every pair of the two was measured at."""
    others = [axis for axis in AXES if axis in cells and axis not in (first, second)]
    number = cells.groupby(others, sort=False).ngroup()
    logs = np.log(cells["latency_s"]).groupby([cells[first], cells[second], number]).mean()
    table = logs.unstack(level=[0, 1])
    complete = table.loc[table.notna().sum(axis=1) == table.notna().sum(axis=1).max()]
    return np.exp(complete.dropna(axis=1).mean()).unstack().dropna(axis=1)


def _ratio_words(ratio: pd.DataFrame) -> str:
    last, first = ratio[ratio.columns[-1]], axis_name(str(ratio.index.name))
    return (
        f"With {axis_name(str(ratio.columns.name))} {level_text(last.name)} a call takes "
        f"{last.min():.3g} times as long as with {level_text(ratio.columns[0])} at {first} "
        f"{level_text(last.idxmin())} and {last.max():.3g} times at {level_text(last.idxmax())}."
    )


MOST_SWEEPS = 3
MOST_FLAT = 7
"""Levels whose numbers have room beside each other in a panel; those of more stand upright."""
EACH = {"batch_size": "time of an example (s)", "flop_per_call": "time of a FLOP (s)"}
PLACE_COLOUR = "#D55E00"


def thresholds(data: FigureData) -> Drawn:
    """For at most three sweeps, those with a threshold first: time over x, which levels off where
    only work is left, above the F statistic of a break at each place."""
    sweeps = chosen(data.fitted("thresholds"))
    if sweeps.empty:
        return in_words(
            "No threshold profile: it takes a sweep of six levels or more, e.g. batch_size: "
            "[1, 2, 4, 8, 16, 32, 64] in config.yaml."
        )
    size = (max(WIDE_IN * len(sweeps) / MOST_SWEEPS, WIDTH_IN + 1), 5.4)
    figure, panels = plt.subplots(2, len(sweeps), figsize=size, squeeze=False, sharex="col")
    for (above, below), sweep in zip(panels.T, sweeps.to_dict("records"), strict=True):
        _times(above, data, sweep)
        _profile(below, data, sweep)
    panels[1][0].set_ylabel("gain of a break there (F)")
    handles = [
        Line2D([], [], color="0.2", linewidth=1.5, label="a kink there"),
        Line2D([], [], color="0.2", linewidth=3, label="a step between two levels"),
        Line2D([], [], color="0.45", linestyle="--", label="reached by chance"),
        Patch(color=PLACE_COLOUR, alpha=0.25, label="interval of a threshold's place"),
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=4, frameon=False)
    return Drawn(figure)


def chosen(table: pd.DataFrame) -> pd.DataFrame:
    """The sweeps to draw: tested ones, thresholds first, then those of most levels."""
    tested = table[table["statistic"].notna()]
    found = (tested["verdict"] != "threshold").astype(int)
    return tested.assign(rank=found, few=-tested["levels"]).sort_values(
        ["rank", "few"], kind="stable"
    )[:MOST_SWEEPS]


def _times(axes: Axes, data: FigureData, sweep: dict) -> None:
    rows = _sweep(data, sweep)
    x = rows["x"].to_numpy(float)
    scale = [rows[name].to_numpy(float) / x for name in ("latency_low_s", "latency_high_s")]
    each = rows["latency_s"] / x
    colour = data.colour
    axes.vlines(x, *scale, color=colour, linewidth=1.2)
    axes.plot(x, each, color=colour, marker="o", linewidth=1, markersize=4)
    _interval(axes, sweep)
    axes.set_title("" if sweep["slice"] == "all" else sweep["slice"].replace("_", " "))
    amount(axes.yaxis, EACH[sweep["x"]], each, "s")


def _profile(axes: Axes, data: FigureData, sweep: dict) -> None:
    keys = ["factor", "slice"]
    table = data.fitted("threshold_profiles")
    table = table[(table[keys] == [sweep[key] for key in keys]).all(axis=1)]
    hinges = table[table["kind"] == "slope"].sort_values("place_low")
    axes.plot(hinges["place_low"], hinges["gain"], color="0.2", linewidth=1.5)
    steps = table[table["kind"] != "slope"]
    axes.hlines(steps["gain"], steps["place_low"], steps["place_high"], color="0.2", linewidth=2.5)
    axes.axhline(sweep["statistic_limit"], color="0.45", linestyle="--")
    _interval(axes, sweep)
    x = _sweep(data, sweep)["x"]
    if sweep["x"] == "batch_size":
        level_axis(axes, "batch_size", sorted(x.unique()))
        if x.nunique() > MOST_FLAT:
            axes.tick_params(axis="x", labelrotation=90)
    else:
        amount(axes.xaxis, LABELS["flop_per_call"], x, log=True)
    axes.set_ylim(bottom=0)


def _sweep(data: FigureData, sweep: dict) -> pd.DataFrame:
    """The cells of a sweep in the order of `x`, examples or FLOP a call."""
    return dict(sweep_rows(data.cells, None, sweep["factor"]))[sweep["slice"]].sort_values("x")


def _interval(axes: Axes, sweep: dict) -> None:
    if sweep["verdict"] == "threshold":
        axes.axvspan(sweep["place_low"], sweep["place_high"], color=PLACE_COLOUR, alpha=0.25)
