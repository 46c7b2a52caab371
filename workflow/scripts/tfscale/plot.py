"""Draws one figure of one model to its files."""

import matplotlib as mpl
import pandas as pd

from tfscale.figures import draw
from tfscale.style import save, styled


def plot(model: str, figure: str, cells: str, laws: str, svg: str, png: str) -> None:
    """Draw `figure` from the tables of cells and laws for `model`, as SVG and PNG."""
    mpl.use("agg")
    table, fits = pd.read_parquet(cells), pd.read_parquet(laws)
    with styled():
        own = table[table["model"] == model]
        alike = fits[(fits["model"] == model) & fits["machine"].isin(own["machine"])]
        drawn = draw(figure, own, alike)
        save(drawn, svg, png)
