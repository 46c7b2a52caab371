"""Every figure: its words, its files, its look, and what a study that cannot fill it is told."""

import json
import re
from dataclasses import replace
from itertools import pairwise

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from figure_study import FIGURES, data_of, drawn, panels, write_study
from made_study import processes_of, work_cells
from matplotlib.axes import Axes
from matplotlib.legend import Legend
from matplotlib.patches import Patch
from paths import ROOT
from report_of import DOLLARS, shared_figures

from tfscale.analysis.law_fits import FORMS, predicted
from tfscale.figures.draw import BUILTIN, DRAWN_BY, OF_FACTOR, draw
from tfscale.figures.laws import band
from tfscale.figures.look import (
    MANY_POINTS,
    MOST_LEVELS,
    Palette,
    evenly,
    level_handles,
    points,
    save,
    styled,
)
from tfscale.study.outputs import (
    BOXED,
    CAPTIONS,
    DRAWN_TABLES,
    FIRST,
    TABLES,
    caption_of,
    figures_of,
)

NAMELESS = {("heatmap", "x"), ("heatmap", "y"), ("machines", "y"), ("drivers", "y")}
"""Axes that hold names and no amounts."""
OWN = {"layers", "convolution size", "conv size", "input size"}
"""A family's own axes have no unit that anybody knows."""


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


def test_what_one_cell_cannot_fill_says_why(lonely):
    empty = {}
    for name in FIGURES:
        made = drawn(name, lonely)
        if not made.filled:
            empty[name] = made.says[0]
            (text,) = made.figure.texts
            assert text.get_text().replace("\n", " ") == made.says[0]
    assert all(len(reason) > 30 for reason in empty.values())
    assert set(empty) == {
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
    cells = work_cells(layers=(4, 6), batch_size=(1, 16), conv_size=(3, 5))
    slow = cells.assign(machine="slow", host="slow", latency_s=5 * cells["latency_s"]).iloc[:-2]
    folder = write_study(tmp_path, pd.concat([cells, slow], ignore_index=True))
    data = data_of(folder)
    assert set(data.cells["machine"]) == {"h"} and len(data.cells) == len(cells)
    assert "Drawn for h, one of 2 machines." in drawn("by_layers", data).says
    assert drawn("machines", data).filled
    assert len(processes_of(data.cells)) == len(data.processes)


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
    own = {name: legend_colours(made.figure, "layers") for name, made in every.items()}
    named = [name for name, colours in own.items() if colours]
    seen = [own[name] for name in named]
    seen += [legend_colours(drawn(name, text).figure, "layers") for name in named]
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
    cells = work_cells(layers=(4, 6), conv_size=(3, 5))
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


def test_the_machine_of_another_name_is_compared_and_its_name_is_taken_as_it_is(every):
    axes = every["machines"].figure.axes[1]
    (legend,) = [one for one in axes.get_children() if isinstance(one, Legend)]
    assert [text.get_text() for text in legend.get_texts()] == ["h", DOLLARS]
    ratios = [line.get_xdata()[0] for line in axes.lines if line.get_marker() != "None"]
    assert any(ratio == pytest.approx(3, rel=0.1) for ratio in ratios)


def test_the_matched_figure_tells_what_the_boxes_hide(every, data):
    (sentence, *_) = every["matched_conv_size"].says
    times = data.main.pivot_table("latency_s", ["layers", "batch_size"], "conv_size").dropna()
    ratio = (times[8] / times[3]).median()
    row = data.fitted("drivers").set_index("factor").loc["conv_size"]
    assert row["ratio"] == pytest.approx(ratio)
    assert sentence.startswith("From conv size 3 to 8 a call takes ")


def test_a_band_of_a_law_holds_its_curve():
    x, levels = np.geomspace(4, 10, 50), np.array([4.0, 6, 8, 10])
    x[[0, -1]] = 4, 10
    fit = {"ratio_low": 3.0, "ratio_high": 5.0}
    low, high = band(FORMS["power"], x, levels, fit)
    exponent = np.log(4) / np.log(2.5)
    scale = np.exp(-exponent * np.log(levels).mean())
    curve = predicted("power", x, {"intercept": scale, "slope": exponent, "shape": np.nan})
    assert (low <= curve + 1e-9).all() and (curve <= high + 1e-9).all()
    assert high[-1] / low[-1] > 1.2
    assert band(FORMS["quadratic"], x, levels, fit) is None


def test_what_is_left_out_a_cell_agrees_with_its_score(study, data):
    cells = data.fitted("held_out_cells")
    scores = pd.read_parquet(study / "fits" / "held_out.parquet")
    scores = scores[(scores["model"] == data.model) & (scores["machine"] == data.machine)]
    for test in ("architecture", "top level"):
        rows = cells[cells["test"] == test]
        error = 100 * (rows["predicted_s"] / rows["measured_s"] - 1).abs().median()
        score = scores[(scores["test"] == test) & (scores["predictor"] == "work model")].iloc[0]
        assert score["median_error_percent"] == pytest.approx(error)
        assert score["cells"] == len(rows)


def test_the_profile_peaks_at_the_statistic_of_the_threshold(data):
    tested = data.fitted("thresholds").dropna(subset="statistic")
    assert len(tested) == 2
    for sweep in tested.to_dict("records"):
        profile = data.fitted("threshold_profiles")
        profile = profile[profile["slice"] == sweep["slice"]]
        assert profile["gain"].max() == pytest.approx(sweep["statistic"], rel=0.05, abs=0.05)
        assert (profile["gain"] >= 0).all() and len(profile) > 30
        assert sweep["statistic_limit"] > 0
