"""Machine against machine: the same model on all machines of the study and of the imports."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from tfscale.analysis.workload import SHAPE
from tfscale.figures.figure_axes import MANY_POINTS, amount, legend
from tfscale.figures.figure_data import Drawn, FigureData, in_words
from tfscale.figures.palette import named
from tfscale.figures.style import HEIGHT_IN, LABELS, WIDE_IN
from tfscale.phrases import times
from tfscale.study.work import work_columns

RATIO = ["ratio", "ratio_low", "ratio_high"]
AGAIN = " without outliers"
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
    rows = rows[~rows["machine"].str.endswith(AGAIN)]
    others = [name for name in rows["machine"].unique() if name != data.machine]
    if not others:
        return in_words(
            "One machine: name the runs.parquet of another study, or a table of the paper, under "
            "imports in config.yaml to compare machines here."
        )
    order = [data.machine, *others]
    figure, (left, right) = plt.subplots(1, 2, figsize=(WIDE_IN, HEIGHT_IN), width_ratios=(1.1, 1))
    flop = flop_per_call(rows)
    handles = []
    for place, name in enumerate(order):
        colour, marker, _ = named(place)
        own = rows["machine"] == name
        left.scatter(
            flop[own], rows.loc[own, "latency_s"], s=22, color=colour, marker=marker, alpha=0.8,
            edgecolors="white", linewidths=0.4, rasterized=len(rows) > MANY_POINTS,
        )  # fmt: skip
        handles.append(Line2D([], [], color=colour, marker=marker, linestyle="", label=name))
    amount(left, "x", LABELS["flop_per_call"], flop)
    amount(left, "y", LABELS["latency_s"], rows["latency_s"], "s")
    pairs = against(data.of_model("machines"), data.machine)
    _forest(right, pairs, order)
    right.set_xlabel(f"ratio to {data.machine} (times)")
    legend(right, handles, "machine")
    return Drawn(figure, _words(pairs, data.machine))


def flop_per_call(rows: pd.DataFrame) -> pd.Series:
    """FLOP of a call of each row, counted from its axes."""
    shapes = rows[SHAPE].drop_duplicates()
    each = {
        tuple(shape.values()): work_columns(shape, 0)["flop_per_example"]
        for shape in shapes.to_dict("records")
    }
    keys = zip(*(rows[axis].tolist() for axis in SHAPE), strict=True)
    return pd.Series([each[key] for key in keys], index=rows.index) * rows["called_batch"]


def against(table: pd.DataFrame, base: str) -> pd.DataFrame:
    """The ratios of the pairs with `base`, all as the other machine over `base`."""
    straight = table[table["base"] == base]
    turned = table[table["machine"] == base]
    turned = turned.assign(
        machine=turned["base"], base=base, ratio=1 / turned["ratio"].astype(float),
        ratio_low=1 / turned["ratio_high"].astype(float),
        ratio_high=1 / turned["ratio_low"].astype(float),
    )  # fmt: skip
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
    amount(axes, "x", "", [1.0, *known["ratio_low"], *known["ratio_high"]], None)
    for place, name in enumerate(names):
        if name not in set(known["quantity"]):
            axes.text(1, place, " not testable", va="center", color="0.4", fontsize="small")


def _words(pairs: pd.DataFrame, base: str) -> list[str]:
    said = []
    for name, rows in pairs.groupby("machine", sort=False):
        found = rows[rows["ratio"].notna()].set_index("quantity")
        parts = [
            f"{QUANTITIES[quantity]} {times(*found.loc[quantity, RATIO].astype(float))}"
            for quantity in QUANTITIES
            if quantity in found.index
        ]
        if parts:
            said.append(f"{name} against {base}: {'; '.join(parts)}.")
    return said or [f"No machine shares enough cells with {base} for a ratio."]
