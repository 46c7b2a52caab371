"""Held out, residuals, machines."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from scipy.stats import probplot

from tfscale.analysis.border import CALL_FLOP, call_flop
from tfscale.analysis.slices import own_axes, shape
from tfscale.figures.look import (
    HEIGHT_IN,
    LABELS,
    MANY_POINTS,
    WIDE_IN,
    Drawn,
    FigureData,
    amount,
    in_words,
    legend,
    level_legend,
    named,
)
from tfscale.figures.look import points as draw_points
from tfscale.units import HOUR_S, MINUTE_S

WITHIN_PERCENT = 10
TESTS = {"architecture": "an architecture left out", "top level": "a factor's top level left out"}
FEW_HOURS = 2
"""Of a shorter study the axis counts minutes."""


def held_out(data: FigureData) -> Drawn:
    """Predicted against measured latency of cells that the work model had not seen, with a band of
    10 %; below, the error in per cent."""
    rows = data.of_cells("held_out_cells")
    tests = [test for test in TESTS if (rows["test"] == test).any()]
    if not tests:
        return in_words("Nothing was left out: it takes two architectures or two levels to learn.")
    size = (max(WIDE_IN * len(tests) / 2, 6.5), HEIGHT_IN * 1.45)
    figure, panels = plt.subplots(
        2, len(tests), figsize=size, squeeze=False, sharex="col", height_ratios=(3, 2)
    )
    for (above, below), test in zip(panels.T, tests, strict=True):
        _compared(above, below, data, rows[rows["test"] == test])
        above.set_title(TESTS[test])
    panels[0][0].set_ylabel("predicted latency of a call (s)")
    panels[1][0].set_ylabel("error of the prediction (%)")
    level_legend(panels[0][-1], data, rows)
    return Drawn(figure)


def _compared(above: Axes, below: Axes, data: FigureData, rows: pd.DataFrame) -> None:
    measured, predicted = rows["measured_s"], rows["predicted_s"]
    ends = np.array([measured.min(), measured.max()])
    near = WITHIN_PERCENT / 100
    above.plot(ends, ends, color="0.3", linewidth=1)
    above.fill_between(ends, ends * (1 - near), ends * (1 + near), color="0.5", alpha=0.25)
    draw_points(above, data, rows.assign(x=measured, y=predicted), size=24)
    below.axhspan(-WITHIN_PERCENT, WITHIN_PERCENT, color="0.5", alpha=0.25)
    below.axhline(0, color="0.3", linewidth=1)
    error = 100 * (predicted / measured - 1)
    draw_points(below, data, rows.assign(x=measured, y=error), size=24)
    amount(above.xaxis, "", ends, "s")
    amount(above.yaxis, "", [*ends, *predicted], "s")
    amount(below.xaxis, "measured latency of a call (s)", ends, "s")


def residuals(data: FigureData) -> Drawn:
    """What the work model leaves: against its fitted latency, against a normal distribution, and in
    the order of the runs."""
    rows = data.of_cells("regimes")
    if rows.empty:
        return in_words("No work model was fitted to these cells.")
    left = 100 * (rows["latency_s"] / rows["fitted_s"] - 1)
    figure, panels = plt.subplots(1, 3, figsize=(WIDE_IN, HEIGHT_IN * 0.9), sharey=True)
    draw_points(panels[0], data, rows.assign(x=rows["fitted_s"], y=left), size=22)
    amount(panels[0].xaxis, "fitted latency of a call (s)", rows["fitted_s"], "s")
    _normal(panels[1], data, left)
    runs = run_residuals(data, rows)
    unit, size_h = ("h", 1.0) if runs["hours"].max() >= FEW_HOURS else ("min", MINUTE_S / HOUR_S)
    in_order = runs.assign(x=runs["hours"] / size_h, y=runs["left"])
    draw_points(panels[2], data, in_order, size=14)
    panels[2].set_xlabel(f"start of the run in the study ({unit})")
    for axes in panels:
        axes.axhline(0, color="0.3", linewidth=1, zorder=1)
    panels[0].set_ylabel("measured against fitted (%)")
    level_legend(panels[2], data, rows)
    return Drawn(figure, [_scatter_words(left)])


def _normal(axes: Axes, data: FigureData, left: pd.Series) -> None:
    if len(left) < 3:
        axes.text(0.5, 0.5, "too few cells", ha="center", transform=axes.transAxes)
    else:
        (quantiles, ordered), (slope, middle, _) = probplot(left)
        axes.plot(quantiles, middle + slope * quantiles, color="0.5", linestyle="--")
        axes.scatter(
            quantiles,
            ordered,
            s=16,
            color=data.colour,
            zorder=3,
            rasterized=len(left) > MANY_POINTS,
        )
    axes.set_xlabel("normal quantile (standard deviations)")


def run_residuals(data: FigureData, rows: pd.DataFrame) -> pd.DataFrame:
    """One row a run: hours since the first, the median latency of its processes against the cell's
    fitted one (`left`, %), and its level of `data.first`."""
    by_run = data.processes.groupby(["cell", "round"], sort=False)
    runs = by_run.agg(latency_s=("latency_s", "median"), started=("started", "min")).reset_index()
    fitted = rows.drop_duplicates("cell")[["cell", data.first, "fitted_s"]]
    runs = runs.merge(fitted, on="cell")
    hours = (runs["started"] - runs["started"].min()).dt.total_seconds() / HOUR_S
    return runs.assign(hours=hours, left=100 * (runs["latency_s"] / runs["fitted_s"] - 1))


def _scatter_words(left: pd.Series) -> str:
    near = 100 * (left.abs() <= WITHIN_PERCENT).mean()
    return (
        f"{near:.0f} % of cells lie within 10 % of the fit, the farthest {left.min():+.0f} % and "
        f"{left.max():+.0f} %."
    )


QUANTITIES = {
    "time": "time, all cells",
    "time at the least work": "time at the least work",
    "time at the most work": "time at the most work",
    "overhead_s": "overhead of a call",
    "flop_per_s": "rate of work",
}


def machines(data: FigureData) -> Drawn:
    """Latency against work on each machine, and how many times as much of each quantity the others
    take as this one, with intervals."""
    rows = data.of_model("regimes")
    others = [name for name in rows["machine"].unique() if name != data.machine]
    if not others:
        return in_words(
            "One machine: name the runs.parquet of another study, or a table of the paper, under "
            "imports in config.yaml to compare machines here."
        )
    order = [data.machine, *others]
    figure, (left, right) = plt.subplots(1, 2, figsize=(WIDE_IN, HEIGHT_IN), width_ratios=(1.1, 1))
    flop = _flop(data, rows)
    handles = []
    for place, name in enumerate(order):
        colour, marker, _ = named(place)
        own = rows["machine"] == name
        left.scatter(
            flop[own],
            rows.loc[own, "latency_s"],
            s=22,
            color=colour,
            marker=marker,
            alpha=0.8,
            edgecolors="white",
            linewidths=0.4,
            rasterized=len(rows) > MANY_POINTS,
        )
        handles.append(Line2D([], [], color=colour, marker=marker, linestyle="", label=name))
    amount(left.xaxis, LABELS["flop_per_call"], flop)
    amount(left.yaxis, LABELS["latency_s"], rows["latency_s"], "s")
    pairs = against(data.of_model("machines"), data.machine)
    _forest(right, pairs, order)
    right.set_xlabel(f"ratio to {data.machine} (times)")
    legend(right, handles, "machine")
    return Drawn(figure)


def _flop(data: FigureData, rows: pd.DataFrame) -> pd.Series:
    """FLOP of a call of each row, as counted for the study's own cells of its model; NaN where it
    has none of it."""
    model = [*shape(data.cells), "precision"]
    counted = data.cells[[*model, *CALL_FLOP]].drop_duplicates(model)
    found = own_axes(rows)[model].merge(counted, how="left", on=model).set_axis(rows.index)
    return call_flop(rows.assign(**found[list(CALL_FLOP)]))


def against(table: pd.DataFrame, base: str) -> pd.DataFrame:
    """The ratios of the pairs with `base`, all as the other machine over `base`."""
    straight = table[table["base"] == base]
    turned = table[table["machine"] == base]
    turned = turned.assign(
        machine=turned["base"],
        base=base,
        ratio=1 / turned["ratio"].astype(float),
        ratio_low=1 / turned["ratio_high"].astype(float),
        ratio_high=1 / turned["ratio_low"].astype(float),
    )
    pairs = pd.concat([straight, turned], ignore_index=True)
    return pairs[pairs["quantity"].isin(QUANTITIES)]


def _forest(axes: Axes, pairs: pd.DataFrame, order: list[str]) -> None:
    names = list(QUANTITIES)
    known = pairs[pairs["ratio"].notna()]
    for row in known.to_dict("records"):
        place = order.index(row["machine"]) if row["machine"] in order else len(order)
        colour, marker, _ = named(place)
        y = names.index(row["quantity"]) + 0.16 * (place - len(order) / 2)
        axes.plot([row["ratio_low"], row["ratio_high"]], [y, y], color=colour, linewidth=1.5)
        axes.plot([row["ratio"]], [y], color=colour, marker=marker, linestyle="")
    axes.axvline(1, color="0.3", linewidth=1)
    axes.set_yticks(range(len(names)), list(QUANTITIES.values()))
    axes.invert_yaxis()
    amount(axes.xaxis, "", [1.0, *known["ratio_low"], *known["ratio_high"]], None)
    for place, name in enumerate(names):
        if name not in set(known["quantity"]):
            axes.text(1, place, " not testable", va="center", color="0.4", fontsize="small")
