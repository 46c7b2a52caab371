"""Where growth changes: the cost of one more along each sweep, and what a break would explain."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from tfscale.analysis.slicing import called, slice_names
from tfscale.figures.figure_axes import amount, level_axis, name_of
from tfscale.figures.figure_data import Drawn, FigureData, in_words
from tfscale.figures.palette import MODELS
from tfscale.figures.style import LABELS, WIDE_IN, WIDTH_IN

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
    return Drawn(figure, [_words(sweep) for sweep in sweeps.to_dict("records")])


def chosen(table: pd.DataFrame) -> pd.DataFrame:
    """The sweeps to draw: tested ones, thresholds first, then those of most levels."""
    tested = table[table["statistic"].notna()]
    found = (tested["verdict"] != "threshold").astype(int)
    return tested.assign(rank=found, few=-tested["levels"]).sort_values(
        ["rank", "few"], kind="stable"
    )[:MOST_SWEEPS]  # fmt: skip


def _times(axes: Axes, data: FigureData, sweep: dict) -> None:
    rows = sweep_cells(data.cells, sweep)
    x = rows["x"].to_numpy(float)
    scale = [rows[name].to_numpy(float) / x for name in ("latency_low_s", "latency_high_s")]
    each = rows["latency_s"] / x
    colour = MODELS.get(data.model, "0.2")
    axes.vlines(x, *scale, color=colour, linewidth=1.2)
    axes.plot(x, each, color=colour, marker="o", linewidth=1, markersize=4)
    _interval(axes, sweep)
    axes.set_title("" if sweep["slice"] == "all" else sweep["slice"].replace("_", " "))
    amount(axes, "y", EACH[sweep["x"]], each, "s")


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
    x = sweep_cells(data.cells, sweep)["x"]
    if sweep["x"] == "batch_size":
        level_axis(axes, "batch_size", sorted(x.unique()))
        if x.nunique() > MOST_FLAT:
            axes.tick_params(axis="x", labelrotation=90)
    else:
        amount(axes, "x", LABELS["flop_per_call"], x, log=True)
    axes.set_ylim(bottom=0)


def _interval(axes: Axes, sweep: dict) -> None:
    if sweep["verdict"] == "threshold":
        axes.axvspan(sweep["place_low"], sweep["place_high"], color=PLACE_COLOUR, alpha=0.25)


def sweep_cells(cells: pd.DataFrame, sweep: dict) -> pd.DataFrame:
    """The cells of a sweep in the order of `x`, examples or FLOP a call."""
    names = slice_names(cells, sweep["factor"])
    rows = cells[names == sweep["slice"]]
    x = called(rows, "batch_size")
    if sweep["x"] == "flop_per_call":
        x = x * rows["flop_per_example"]
    return rows.assign(x=x).sort_values("x")


def _words(sweep: dict) -> str:
    where = "" if sweep["slice"] == "all" else f" ({sweep['slice'].replace('_', ' ')})"
    reason = f": {sweep['reason']}" if sweep["reason"] else ""
    name = name_of(sweep["factor"]).capitalize()
    gain, limit = np.round([sweep["statistic"], sweep["statistic_limit"]], 1)
    return f"{name}{where}: {sweep['verdict']}{reason} (F {gain:g}, by chance {limit:g})."
