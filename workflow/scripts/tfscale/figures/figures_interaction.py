"""Whether the effect of the convolution size depends on the number of layers."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from tfscale.axes import AXES
from tfscale.figures.figure_axes import amount, legend, level_axis, level_handles
from tfscale.figures.figure_data import Drawn, FigureData, in_words
from tfscale.figures.style import HEIGHT_IN, LABELS, WIDE_IN
from tfscale.phrases import share

PAIR = ["layers", "conv_size"]


def interaction(data: FigureData) -> Drawn:
    """Latency against layers, a line a convolution size: parallel lines on the logarithmic axis
    (and level ones in the ratio beside it) mean that the two effects only multiply."""
    means = matched_means(data.cells)
    if min(means.shape) < 2:
        return in_words(
            "No interaction: it takes two numbers of layers and two convolution sizes, each with "
            "each and all else equal."
        )
    figure, (left, right) = plt.subplots(1, 2, figsize=(WIDE_IN, HEIGHT_IN))
    base = means.columns[0]
    for conv in means:
        look = {"color": data.palette.colour("conv_size", conv),
                "marker": data.palette.marker("conv_size", conv),
                "linestyle": data.palette.dash("conv_size", conv)}  # fmt: skip
        left.plot(means.index, means[conv], **look)
        right.plot(means.index, means[conv] / means[base], **look)
    amount(left, "y", "latency of a call, geometric mean (s)", means.to_numpy().ravel(), "s")
    ratio = means.div(means[base], axis=0)
    amount(right, "y", f"latency over that of convolution size {base} (ratio)", ratio.stack(), None)
    for axes in (left, right):
        level_axis(axes, "layers", means.index.tolist())
    handles = level_handles(data, "conv_size", data.cells, line=True)
    legend(right, handles, LABELS["conv_size"].replace(" (", "\n("))
    return Drawn(figure, _words(data, ratio))


def matched_means(cells: pd.DataFrame) -> pd.DataFrame:
    """Geometric mean latency (s) by layers (rows) and convolution size (columns), over the settings
    of all other axes that every pair of the two was measured at."""
    others = [axis for axis in AXES if axis not in (*PAIR, "model")]
    number = cells.groupby(others, sort=False).ngroup()
    logs = np.log(cells["latency_s"]).groupby([cells["layers"], cells["conv_size"], number]).mean()
    table = logs.unstack(level=[0, 1])
    complete = table.loc[table.notna().sum(axis=1) == table.notna().sum(axis=1).max()]
    return np.exp(complete.dropna(axis=1).mean()).unstack().dropna(axis=1)


def _words(data: FigureData, ratio: pd.DataFrame) -> list[str]:
    last = ratio[ratio.columns[-1]]
    said = [
        f"Convolution size {last.name} takes {last.min():.3g} times as long as {ratio.columns[0]} "
        f"at {last.idxmin()} layers and {last.max():.3g} times at {last.idxmax()}."
    ]
    terms = data.fitted("anova")
    for row in terms[terms["term"] == "layers x conv_size"].to_dict("records"):
        said.append(
            "An interaction that rises steadily in both explains "
            f"{share(max(row['omega_squared'], 0))} of the variance of ln time "
            f"({share(row['omega_low'])} to {share(row['omega_high'])}): {row['verdict']}."
        )
    return said
