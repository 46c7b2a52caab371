"""Figures of families that are not the paper's: text axes, one axis only, none at all."""

import matplotlib.pyplot as plt
import pytest
from figure_study import data_of, drawn, panels
from matplotlib.legend import Legend
from other_study import FAMILIES, FIGURES, shared_study

from tfscale.axes import adopt
from tfscale.figures.look import NAMES, Palette, points
from tfscale.words import axis_name

EMPTY = {
    "mlp": {"thresholds", "machines"},
    "deep": {"thresholds", "machines", "interaction"},
    "fixed": {"thresholds", "machines", "interaction"},
}
"""What such a study cannot fill."""


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    return shared_study(tmp_path_factory)


@pytest.fixture(autouse=True)
def families(study):
    adopt(FAMILIES)


def legends(figure) -> dict[str, list[str]]:
    """The texts of all legends by title."""
    return {
        artist.get_title().get_text(): [text.get_text() for text in artist.get_texts()]
        for axes in figure.axes
        for artist in axes.get_children()
        if isinstance(artist, Legend)
    }


@pytest.mark.parametrize("family", FIGURES)
def test_every_figure_is_drawn_or_says_why_not(study, family):
    data = data_of(study, family)
    made = {name: drawn(name, data) for name in FIGURES[family]}
    assert {name for name, one in made.items() if not one.filled} == EMPTY[family]
    said = " ".join(sentence for one in made.values() for sentence in one.says)
    assert "nan" not in said and "layers" not in said


def test_colours_panels_and_lines_are_by_the_familys_axes_in_their_order(study):
    data = data_of(study, "mlp")
    assert data.order[:4] == ["width", "alpha", "activation", "batch_size"]
    matched = drawn("matched_batch_size", data).figure
    assert [axes.get_title() for axes in panels(matched)] == ["64", "128", "256"]
    assert legends(matched)["alpha"] == ["0.5", "1"]
    (below,) = drawn("border", data).figure.legends
    strongest = data.fitted("drivers")["factor"].iloc[0]
    assert below.get_title().get_text() == axis_name(strongest)
    interaction = drawn("interaction", data)
    assert legends(interaction.figure) == {"alpha": ["0.5", "1"]}
    assert interaction.says[0].startswith("With alpha 1 a call takes ")
    bars = panels(drawn("time_shares", data).figure)[0].get_yticklabels()
    assert bars[0].get_text() == "64 / 0.5 / gelu"
    assert data_of(study, "fixed").first == "batch_size"


def test_a_text_axis_has_a_colour_a_value_and_no_place_on_a_scale(study):
    data = data_of(study, "mlp")
    only = data.cells[(data.cells["width"] == 64) & (data.cells["alpha"] == 1)]
    assert Palette.of(data.cells).colour("activation", "relu") == NAMES[1]
    axes = plt.figure().add_subplot()
    points(axes, data, only.assign(x=1, y=only["latency_s"]), "activation")
    assert len(axes.collections) == 2


def test_the_first_axis_on_text_stands_at_places(study):
    data = data_of(study, "mlp")
    data.cells.loc[:, "width"] = 64
    figure = drawn("interaction", data).figure
    assert panels(figure)[0].get_xscale() == "log"  # alpha, the ordered one, is on the axis
    assert legends(figure) == {"activation": ["gelu", "relu"]}


def test_models_have_the_colours_of_the_palette_in_their_order(study):
    assert [data_of(study, family).colour for family in FIGURES] == list(NAMES[:3])
