"""The one look of all figures, and how they are written."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import seaborn as sns
from matplotlib.figure import Figure

from tfscale.axis_words import AXIS_WORDS
from tfscale.files.atomic import replacing

LABELS = {axis: words.label for axis, words in AXIS_WORDS.items()}
LABELS |= {
    "pass_mean_s": "time of a pass (s)",
    "latency_s": "latency of a call (s)",
    "throughput_per_s": "throughput (examples/s)",
    "flop_per_call": "work of a call (FLOP)",
    "relative": "latency relative to its slice (ratio)",
}
"""What an axis of a figure says, with its unit."""
WIDTH_IN, WIDE_IN, HEIGHT_IN = 7.0, 10.5, 4.2


@contextmanager
def styled() -> Iterator[None]:
    """Seaborn's white grid with sizes for a page; the same bytes for the same data.

    Text in an SVG stays text: it can be read, found and enlarged, and takes a fifth of the bytes.
    """
    with mpl.rc_context(), sns.axes_style("whitegrid"), sns.plotting_context("notebook", 0.85):
        mpl.rcParams["svg.hashsalt"] = "tfscale"
        mpl.rcParams["svg.fonttype"] = "none"
        mpl.rcParams["font.sans-serif"] = ["DejaVu Sans", "Verdana", "sans-serif"]
        mpl.rcParams["savefig.dpi"] = 130
        mpl.rcParams["figure.constrained_layout.use"] = True
        mpl.rcParams["hatch.linewidth"] = 0.5
        mpl.rcParams["text.parse_math"] = False  # a machine's name may have dollars in it
        yield


def save(figure: Figure, svg: str, png: str, title: str, description: str) -> None:
    """Write a figure as SVG (no date in it) and PNG, with title and description inside, and close
    it."""
    said = {"Title": title, "Description": description}
    for path, metadata in ((svg, said | {"Date": None}), (png, said)):
        with replacing(path) as temporary:
            kind = Path(path).suffix[1:]
            figure.savefig(temporary, format=kind, metadata=metadata, bbox_inches="tight")
    plt.close(figure)
