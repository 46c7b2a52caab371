"""Draws all figures of one model to their files."""

import matplotlib as mpl

from tfscale.figures.figure_data import read
from tfscale.figures.figures import draw_all
from tfscale.figures.style import styled


def plot(
    model: str, cells: str, visits: str, roofs: str, fits: str, svg: list[str], png: list[str],
    words: str,
) -> None:  # fmt: skip
    """Draw the figures of `model` from the tables of cells, visits and roofs and from the folder of
    the fitted tables: `svg` and `png` files in the order of `figure_list`, their words as JSON."""
    mpl.use("agg")
    with styled():
        draw_all(read(model, cells, visits, roofs, fits), svg, png, words)
