"""How figures look: units, labels, legends, colours, and a great many points or levels."""

import re
from dataclasses import replace
from itertools import pairwise

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from figure_study import FIGURES, data_of, drawn, panels, whole, work_cells, write_study
from matplotlib.axes import Axes
from matplotlib.legend import Legend
from matplotlib.patches import Patch

from tfscale.figures.look import (
    MANY_POINTS,
    MOST_LEVELS,
    Palette,
    evenly,
    level_handles,
    points,
    styled,
)

NAMELESS = {("heatmap", "x"), ("heatmap", "y"), ("machines", "y"), ("drivers", "y")}
"""Axes that hold names and no amounts."""
OWN = {"layers", "convolution size", "conv size", "input size"}
"""A family's own axes have no unit that anybody knows."""


def label(axes: Axes, which: str) -> str:
    """The label of an axis, or that of a panel that shares it, or of the whole figure."""
    shared = getattr(axes, f"get_shared_{which}_axes")().get_siblings(axes)
    said = [getattr(one, f"get_{which}label")() for one in [axes, *shared]]
    whole_figure = getattr(axes.figure, f"get_sup{which}label")()
    same = [getattr(one, f"get_{which}label")() for one in panels(axes.figure)]
    return next((text for text in [*said, whole_figure, *same] if text), "")


@pytest.mark.parametrize("name", FIGURES)
def test_every_axis_has_a_unit_and_no_title_repeats_it(every, name):
    made = every[name]
    for axes in panels(made.figure):
        for which in ("x", "y"):
            if (name, which) not in NAMELESS:
                said = label(axes, which)
                assert re.search(r"\(.+\)", said) or set(said.split(" /\n")) <= OWN, (name, said)
            assert not axes.get_title() or axes.get_title() != label(axes, which)


@pytest.mark.parametrize("name", FIGURES)
def test_no_tick_labels_overlap_and_no_legend_covers_data(every, name):
    figure = every[name].figure
    for axes in panels(figure):
        for axis, low, high in ((axes.xaxis, "x0", "x1"), (axes.yaxis, "y0", "y1")):
            texts = [text for text in axis.get_ticklabels() if text.get_text()]
            texts = [text for text in texts if text.get_visible() and not text.get_rotation()]
            ends = axes.get_xlim() if axis is axes.xaxis else axes.get_ylim()
            place = 0 if axis is axes.xaxis else 1
            inside = [t for t in texts if min(ends) <= t.get_position()[place] <= max(ends)]
            boxes = sorted(
                (text.get_window_extent() for text in inside),
                key=lambda box, low=low: getattr(box, low),
            )
            for first, second in pairwise(boxes):
                assert getattr(first, high) <= getattr(second, low) + 1, (name, axis)
        frame = axes.get_window_extent()
        legends = [
            artist.get_window_extent()
            for artist in axes.get_children()
            if isinstance(artist, Legend)
        ]
        for box in legends:
            assert box.x0 >= frame.x1 - 1
        for one, other in pairwise(sorted(legends, key=lambda box: -box.y1)):
            assert one.y0 >= other.y1 - 1, (name, "legends overlap")


def legend_colours(figure, title: str) -> dict[str, tuple]:
    found = {}
    for axes in figure.axes:
        for artist in axes.get_children():
            if isinstance(artist, Legend) and artist.get_title().get_text().startswith(title):
                for text, handle in zip(artist.get_texts(), artist.legend_handles, strict=True):
                    patch = isinstance(handle, Patch)
                    colour = handle.get_facecolor() if patch else handle.get_color()
                    found[text.get_text()] = mpl.colors.to_hex(colour)
    return {name: colour for name, colour in found.items() if name.isdigit()}


def test_a_level_has_one_colour_in_all_figures_and_both_models(study, every):
    text = data_of(study, "text")
    figures = [made.figure for made in every.values()]
    figures += [drawn(name, text).figure for name in FIGURES]
    seen = [legend_colours(figure, "layers") for figure in figures]
    seen = [colours for colours in seen if colours]
    assert len(seen) >= 12
    for level in ("4", "6", "10"):
        assert len({colours[level] for colours in seen if level in colours}) == 1
    assert len(set(seen[0].values())) == 3


def test_levels_are_told_apart_in_grey():
    palette = Palette({"layers": (4, 6, 8, 10), "conv_size": (3, 5, 8), "batch_size": (1, 2, 4, 8)})
    for factor, levels in palette.levels.items():
        light = [
            np.dot(palette.colour(factor, level)[:3], (0.299, 0.587, 0.114)) for level in levels
        ]
        assert all(b - a > 0.08 for a, b in pairwise(light)), factor
        assert max(light) < 0.8, "too light on white"
        assert len({palette.marker(factor, level) for level in levels}) == len(levels)
        assert len({palette.dash(factor, level) for level in levels}) == len(levels)


def test_the_name_of_few_bars_is_not_cut_and_a_short_study_counts_minutes(tmp_path):
    cells = whole(work_cells(layers=(4, 6), batches=(1, 4, 16, 64), convs=(3, 5)))
    cells = cells[(cells["conv_size"] == 3) | (cells["batch_size"] == 16)]  # as the demo has them
    few = data_of(write_study(tmp_path, cells.reset_index(drop=True)))
    shares, left = drawn("time_shares", few), drawn("residuals", few)
    first = shares.figure.axes[0]
    name, note = first.yaxis.label.get_window_extent(), shares.figure.texts[0].get_window_extent()
    assert name.y0 >= shares.figure.bbox.y0 and name.y1 <= note.y0
    bars = [text.get_text() for axes in panels(shares.figure) for text in axes.get_yticklabels()]
    assert bars == ["4 / 3", "6 / 3"] * 2  # a bar is named as the axis says, in every panel
    assert left.figure.axes[2].get_xlabel() == "start of the run in the study (min)"


def test_a_cell_that_never_settled_is_hollow_and_the_legend_says_so(every):
    figure = every["by_batch_size"].figure
    hollow = [
        points
        for points in figure.axes[0].collections
        if mpl.colors.to_hex(points.get_facecolor()[0]) == "#ffffff"
    ]
    assert [len(points.get_offsets()) for points in hollow] == [1]
    (legend,) = [one for one in figure.axes[0].get_children() if isinstance(one, Legend)]
    assert legend.get_texts()[-1].get_text().startswith("hollow: an outlier")


def test_many_points_are_pixels(data):
    rows = pd.concat([data.cells] * 20, ignore_index=True)
    axes = plt.figure().add_subplot()
    points(axes, data, rows.assign(x=rows["batch_size"], y=rows["latency_s"]))
    assert len(rows) > MANY_POINTS and axes.collections
    assert all(collection.get_rasterized() for collection in axes.collections)


def test_a_factor_of_many_levels_has_ten_of_them_in_its_legend(data):
    rows = pd.concat([data.cells.assign(batch_size=size) for size in range(1, 101)])
    many = replace(data, palette=Palette.of(rows))
    labels = [handle.get_label() for handle in level_handles(many, "batch_size", rows)]
    assert len(labels) == MOST_LEVELS and (labels[0], labels[-1]) == ("1", "100")
    few = [handle.get_label() for handle in level_handles(many, "layers", rows)]
    assert few == ["4", "6", "10"]


@pytest.mark.parametrize("count", [1, 2, 9, 10, 11, 100])
def test_places_are_even_and_end_with_the_last(count):
    places = evenly(count, 10)
    assert len(places) == min(count, 10) and (places[0], places[-1]) == (0, count - 1)
    assert len(set(np.diff(places))) <= 2


def test_a_matplotlibrc_of_the_users_changes_no_figure():
    own = {"axes.linewidth": 9, "figure.facecolor": "red", "font.size": 30}
    with mpl.rc_context(own), styled():
        odd = dict(mpl.rcParams)
    with styled():
        assert dict(mpl.rcParams) == odd
