"""Where the time of a call goes: its share by kind of operation."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Patch

from tfscale.analysis.workload import ARCHITECTURE
from tfscale.axis_words import AXIS_WORDS
from tfscale.figures.figure_axes import evenly
from tfscale.figures.figure_data import Drawn, FigureData, in_words
from tfscale.figures.palette import HATCHES, NAMES
from tfscale.figures.style import WIDE_IN
from tfscale.phrases import share

OPERATIONS = {
    "overhead": "overhead of a call",
    "weights": "reading weights",
    "conv_first": "first convolution",
    "conv_square": "square convolutions",
    "conv_full_span": "full-width convolution",
    "dense": "dense layers",
    "pool": "pools",
    "embedding": "embedding",
}
LEAST_SHARE = 0.005
MOST_BARS = 16
LEAST_IN = 3.0
"""The name of the bars needs some height, however few they are."""


def time_shares(data: FigureData) -> Drawn:
    """A bar an architecture, at the smallest and the largest batch: how the fitted time of a call
    is divided between kinds of operation."""
    main = data.main["cell"]
    rows = data.fitted("regimes")
    rows = rows[rows["cell"].isin(main)]
    if rows.empty:
        return in_words("No work model was fitted to these cells.")
    batches = sorted({rows["called_batch"].min(), rows["called_batch"].max()})
    varied = [axis for axis in ARCHITECTURE if rows[axis].nunique() > 1] or ["layers"]
    shown = [name for name in OPERATIONS if rows[f"{name}_share"].max() >= LEAST_SHARE]
    count = min(max((rows["called_batch"] == one).sum() for one in batches), MOST_BARS)
    figure, panels = plt.subplots(
        1, len(batches), figsize=(WIDE_IN, max(1.6 + 0.24 * count, LEAST_IN)), squeeze=False
    )
    for axes, one in zip(panels[0], batches, strict=True):
        _bars(axes, rows[rows["called_batch"] == one], shown, varied)
        axes.set_title(f"{AXIS_WORDS['batch_size'].name} {one}")
    named = " /\n".join(AXIS_WORDS[axis].name for axis in varied)
    panels[0][0].set_ylabel(f"{named} (number)")
    handles = [Patch(facecolor=colour, hatch=hatch, edgecolor="white", label=OPERATIONS[name])
               for name, (colour, hatch) in _looks().items() if name in shown]  # fmt: skip
    figure.legend(handles=handles, loc="outside lower center", ncols=4, frameon=False)
    return Drawn(figure, _words(data.fitted("time_shares")))


def _looks() -> dict[str, tuple[str, str]]:
    return dict(zip(OPERATIONS, zip(NAMES, HATCHES, strict=True), strict=True))


def _bars(axes: Axes, rows: pd.DataFrame, shown: list[str], varied: list[str]) -> None:
    rows = rows.sort_values(ARCHITECTURE)
    rows = rows.iloc[evenly(len(rows), MOST_BARS)]
    place, start = np.arange(len(rows)), np.zeros(len(rows))
    for name in shown:
        colour, hatch = _looks()[name]
        width = 100 * rows[f"{name}_share"].to_numpy()
        axes.barh(place, width, left=start, height=0.8, color=colour, hatch=hatch,
                  edgecolor="white", linewidth=0.4)  # fmt: skip
        start += width
    axes.set_yticks(place, [" / ".join(str(row[axis]) for axis in varied)
                            for row in rows.to_dict("records")])  # fmt: skip
    axes.invert_yaxis()
    axes.set(xlim=(0, 100), xlabel="share of the fitted time of a call (%)")
    axes.grid(visible=False, axis="y")


def _words(shares: pd.DataFrame) -> list[str]:
    """The three kinds that take most of the time of all cells together, in the largest group."""
    if shares.empty:
        return []
    first = shares.drop_duplicates("operation").nlargest(3, "time_share")
    parts = []
    for row in first.to_dict("records"):
        low, high = row["time_share_low"], row["time_share_high"]
        known = f" ({share(low)} to {share(high)})" if np.isfinite(low) else ""
        parts.append(f"{OPERATIONS[row['operation']]} {share(row['time_share'])}{known}")
    return [f"Of the time of all cells together: {', '.join(parts)}."]
