"""The one look of all figures."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import matplotlib as mpl
import seaborn as sns
from matplotlib.figure import Figure

from tfscale.atomic import replacing
from tfscale.axis_words import AXIS_WORDS

LABELS = {axis: words.label for axis, words in AXIS_WORDS.items()}
LABELS["pass_mean_s"] = "time of a pass (s)"
PALETTE = "viridis"
WIDTH_IN, HEIGHT_IN = 7.0, 4.2


@contextmanager
def styled() -> Iterator[None]:
    """Seaborn's white grid with sizes for a page; the same bytes for the same data."""
    with mpl.rc_context(), sns.axes_style("whitegrid"), sns.plotting_context("notebook", 0.9):
        mpl.rcParams["svg.hashsalt"] = "tfscale"
        mpl.rcParams["savefig.dpi"] = 150
        yield


def save(figure: Figure, svg: str, png: str) -> None:
    """Write a figure as SVG (no date in it) and PNG."""
    for path, metadata in ((svg, {"Date": None}), (png, {})):
        with replacing(path) as temporary:
            kind = Path(path).suffix[1:]
            figure.savefig(temporary, format=kind, metadata=metadata, bbox_inches="tight")
