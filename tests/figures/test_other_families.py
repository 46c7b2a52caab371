"""Figures of families that are not the paper's: text axes, one axis only, none at all."""

import json

import pytest
from figure_study import data_of, drawn, panels
from matplotlib.legend import Legend
from other_study import FAMILIES, FIGURES, write_study

from tfscale.axes import adopt
from tfscale.figures.look import Palette

EMPTY = {
    "mlp": {"thresholds", "machines"},
    "deep": {"thresholds", "machines", "interaction"},
    "fixed": {"thresholds", "machines", "interaction", "held_out"},
}
"""What such a study cannot fill."""


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    return write_study(tmp_path_factory.mktemp("others"), *FIGURES)


@pytest.fixture(autouse=True)
def families(study):
    adopt(FAMILIES)


def legends(figure) -> dict[str, list[str]]:
    found = {}
    for axes in figure.axes:
        for artist in axes.get_children():
            if isinstance(artist, Legend):
                texts = [text.get_text() for text in artist.get_texts()]
                found[artist.get_title().get_text()] = texts
    return found


@pytest.mark.parametrize("family", FIGURES)
def test_every_figure_is_drawn_or_says_why_not(study, family):
    data = data_of(study, family)
    made = {name: drawn(name, data) for name in FIGURES[family]}
    assert {name for name, one in made.items() if not one.filled} == EMPTY[family]
    said = " ".join(sentence for one in made.values() for sentence in one.says)
    assert "nan" not in said and "layers" not in said
