"""Every figure: its words, its files, and what it says when a study cannot fill it."""

import json
import re

import pandas as pd
import pytest
from figure_study import FIGURES, data_of, drawn, made_up_runs, whole, work_cells, write_study
from paths import ROOT
from report_of import shared_figures

from tfscale.figures.draw import BUILTIN, DRAWN_BY, OF_FACTOR, draw
from tfscale.figures.look import save
from tfscale.study.outputs import (
    BOXED,
    CAPTIONS,
    DRAWN_TABLES,
    FIRST,
    TABLES,
    caption_of,
    figures_of,
)


def test_every_figure_has_a_drawer_a_title_and_a_caption():
    once = [name for name in FIGURES if name.partition("_")[0] not in OF_FACTOR]
    assert list(DRAWN_BY) == once
    captions = {path.name for path in (ROOT / "workflow/report").glob("*.rst")}
    assert captions == set(CAPTIONS) == {caption_of(name) for name in FIGURES}
    assert len(set(FIGURES.values())) == len(FIGURES)
    assert set(DRAWN_TABLES) <= set(TABLES)
    for name in CAPTIONS:
        text = (ROOT / f"workflow/report/{name}").read_text()
        assert text.endswith(".\n") and "\n" not in text.strip() and not re.search(r"[*`|]", text)


def test_the_papers_figures_stand_first_and_others_have_their_own_factors():
    own = [f"{kind}_{factor}" for kind in ("by", "matched") for factor in BOXED]
    assert list(FIGURES)[:10] == [*FIRST, "heatmap", *own]
    others = figures_of(["width", "batch_size"], paper=False)
    assert list(others)[:6] == [*FIRST, "matched_width", "matched_batch_size", "laws"]
    assert others["matched_width"] == "Time by width, matched cells"
    assert set(FIGURES) - set(others) == {"heatmap", *own} - {"matched_batch_size"}


@pytest.mark.parametrize("name", FIGURES)
def test_a_full_study_fills_every_figure(every, name):
    made = every[name]
    assert made.filled
    assert all(sentence.endswith(".") for sentence in made.says)
    assert not any("nan" in sentence for sentence in made.says)


@pytest.mark.parametrize("name", FIGURES)
def test_a_study_of_one_cell_is_told_why_a_figure_is_empty(lonely, name):
    made = drawn(name, lonely)
    if not made.filled:
        (text,) = made.figure.texts
        assert text.get_text().replace("\n", " ") == made.says[0]
        assert len(made.says[0]) > 30


def test_what_one_cell_cannot_fill(lonely):
    empty = {name for name in FIGURES if not drawn(name, lonely).filled}
    assert empty == {
        "drivers",
        "batches",
        "heatmap",
        "matched_layers",
        "matched_batch_size",
        "matched_conv_size",
        "laws",
        "interaction",
        "thresholds",
        "held_out",
        "machines",
    }


def test_a_model_that_was_not_timed_yet_says_so(study):
    nothing = data_of(study, "another")
    for name in FIGURES:
        made = drawn(name, nothing)
        assert made.says == ["No cell of another has been timed yet."] and not made.filled


def test_built_in_data_says_so_in_every_figure(every):
    for made in every.values():
        assert BUILTIN in made.says
        assert any(BUILTIN in text.get_text() for text in made.figure.texts)


def test_all_files_are_written_and_small(tmp_path_factory):
    folder = shared_figures(tmp_path_factory) / "figures"
    assert len(list(folder.iterdir())) == 2 * (2 * len(FIGURES) + 1)
    assert sum(path.stat().st_size for path in folder.glob("mnist*.svg")) < 1_300_000
    svg = (folder / "mnist_by_layers.svg").read_text()
    assert "time of a pass (s)" in svg and "<dc:title>mnist: Time by layers" in svg
    words = json.loads((folder / "mnist.json").read_text())
    assert list(words) == list(FIGURES)
    assert words["laws"]["title"] == "Laws" and words["laws"]["filled"]


@pytest.mark.parametrize("name", ["laws", "time_shares"])
def test_the_same_data_make_the_same_bytes(data, tmp_path, name):
    for number in (1, 2):
        files = [str(tmp_path / f"{number}.{kind}") for kind in ("svg", "png")]
        save(draw(name, data).figure, *files, "title", "description")
    for kind in ("svg", "png"):
        assert (tmp_path / f"1.{kind}").read_bytes() == (tmp_path / f"2.{kind}").read_bytes()


def test_several_machines_are_not_mixed(tmp_path):
    cells = whole(work_cells(layers=(4, 6), batches=(1, 16), convs=(3, 5)))
    slow = cells.assign(machine="slow", host="slow", latency_s=5 * cells["latency_s"]).iloc[:-2]
    folder = write_study(tmp_path, pd.concat([cells, slow], ignore_index=True))
    data = data_of(folder)
    assert set(data.cells["machine"]) == {"h"} and len(data.cells) == len(cells)
    assert "Drawn for h, one of 2 machines." in drawn("by_layers", data).says
    assert drawn("machines", data).filled
    assert len(made_up_runs(data.cells)) == len(data.processes)
