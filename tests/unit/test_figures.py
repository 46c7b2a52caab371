"""The figures on a study whose truth is known, and on studies that cannot fill them."""

import json
import re
from dataclasses import replace
from itertools import pairwise

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from figure_study import data_of, full_cells, paper_csv, timed_visits, whole, write_study
from matplotlib.axes import Axes
from matplotlib.legend import Legend
from paths import ROOT
from synthetic_cells import work_cells

from tfscale.figure_axes import MANY_POINTS, MOST_LEVELS, evenly, level_handles, points
from tfscale.figure_list import DRAWN_TABLES, FIGURES
from tfscale.figures import BUILTIN, DRAWN_BY, draw
from tfscale.figures_laws import band
from tfscale.fit_tables import TABLES
from tfscale.law_forms import FORMS, predicted
from tfscale.palette import Palette
from tfscale.plot import plot
from tfscale.style import save, styled

mpl.use("agg")
DOLLARS = "a $machine_ with <b>"
NAMELESS = {("heatmap", "x"), ("heatmap", "y"), ("machines", "y")}
"""Axes that hold names and no amounts."""


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder = tmp_path_factory.mktemp("study")
    cells = full_cells()
    cells.loc[3, "clean_visits"] = 0
    table = paper_csv(folder / "slow.csv")
    entry = {"path": str(table), "name": DOLLARS, "model": "mnist"}
    return write_study(folder, cells, [entry])


@pytest.fixture(scope="module")
def data(study):
    return data_of(study)


@pytest.fixture(scope="module")
def every(data):
    """Every figure of the full study, drawn once."""
    return {name: drawn(name, data) for name in FIGURES}


@pytest.fixture(autouse=True)
def look():
    with styled():
        yield
    plt.close("all")


@pytest.fixture(scope="module")
def lonely(tmp_path_factory):
    cells = whole(work_cells(layers=(4,), batches=(1,), convs=(3,)))
    return data_of(write_study(tmp_path_factory.mktemp("lonely"), cells))


def drawn(name: str, data):
    """The figure, laid out and closed: it can still be looked at."""
    with styled():
        made = draw(name, data)
        made.figure.canvas.draw()
    plt.close(made.figure)
    return made


def panels(figure) -> list[Axes]:
    return [axes for axes in figure.axes if axes.get_label() != "<colorbar>"]


def label(axes: Axes, which: str) -> str:
    """The label of an axis, or that of a panel that shares it, or of the whole figure."""
    shared = getattr(axes, f"get_shared_{which}_axes")().get_siblings(axes)
    said = [getattr(one, f"get_{which}label")() for one in [axes, *shared]]
    whole_figure = getattr(axes.figure, f"get_sup{which}label")()
    same = [getattr(one, f"get_{which}label")() for one in panels(axes.figure)]
    return next((text for text in [*said, whole_figure, *same] if text), "")


def test_every_figure_has_a_drawer_a_title_and_a_caption():
    assert list(DRAWN_BY) == list(FIGURES)
    captions = {path.stem for path in (ROOT / "workflow/report").glob("*.rst")}
    assert captions == set(FIGURES)
    assert len(set(FIGURES.values())) == len(FIGURES)
    assert set(DRAWN_TABLES) <= set(TABLES)
    for name in FIGURES:
        text = (ROOT / f"workflow/report/{name}.rst").read_text()
        assert text.endswith(".\n") and "\n" not in text.strip() and not re.search(r"[*`|]", text)


@pytest.mark.parametrize("name", FIGURES)
def test_a_full_study_fills_every_figure(every, name):
    made = every[name]
    assert made.filled
    assert any(re.search(r"\d", sentence) for sentence in made.says)
    assert all(sentence.endswith(".") for sentence in made.says)
    assert not any("nan" in sentence for sentence in made.says)


@pytest.mark.parametrize("name", FIGURES)
def test_every_axis_has_a_unit_and_no_title_repeats_it(every, name):
    made = every[name]
    for axes in panels(made.figure):
        for which in ("x", "y"):
            if (name, which) not in NAMELESS:
                assert re.search(r"\(.+\)", label(axes, which)), (name, which, label(axes, which))
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
            boxes = sorted((text.get_window_extent() for text in inside),
                           key=lambda box, low=low: getattr(box, low))  # fmt: skip
            for first, second in pairwise(boxes):
                assert getattr(first, high) <= getattr(second, low) + 1, (name, axis)
        frame = axes.get_window_extent()
        legends = [artist.get_window_extent() for artist in axes.get_children()
                   if isinstance(artist, Legend)]  # fmt: skip
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
                    found[text.get_text()] = mpl.colors.to_hex(handle.get_color())
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
        light = [np.dot(palette.colour(factor, level)[:3], (0.299, 0.587, 0.114))
                 for level in levels]  # fmt: skip
        assert all(b - a > 0.08 for a, b in pairwise(light)), factor
        assert max(light) < 0.8, "too light on white"
        assert len({palette.marker(factor, level) for level in levels}) == len(levels)
        assert len({palette.dash(factor, level) for level in levels}) == len(levels)


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
        "heatmap", "matched_layers", "matched_batch_size", "matched_conv_size", "laws",
        "interaction", "saturation", "thresholds", "held_out", "machines",
    }  # fmt: skip


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
    assert left.says[1].startswith("Over the 43 s of the study all times changed by")


def test_a_model_that_was_not_timed_yet_says_so(study):
    nothing = data_of(study, "another")
    for name in FIGURES:
        made = drawn(name, nothing)
        assert made.says == ["No cell of another has been timed yet."] and not made.filled


def test_a_cell_without_an_undisturbed_visit_is_hollow_and_the_legend_says_so(every):
    figure = every["by_batch_size"].figure
    hollow = [points for points in figure.axes[0].collections
              if mpl.colors.to_hex(points.get_facecolor()[0]) == "#ffffff"]  # fmt: skip
    assert [len(points.get_offsets()) for points in hollow] == [1]
    (legend,) = [one for one in figure.axes[0].get_children() if isinstance(one, Legend)]
    assert legend.get_texts()[-1].get_text().startswith("hollow: an outlier")


def test_built_in_data_says_so_in_every_figure(every):
    for made in every.values():
        assert BUILTIN in made.says
        assert any(BUILTIN in text.get_text() for text in made.figure.texts)


def test_the_machine_of_another_name_is_compared_and_its_name_is_taken_as_it_is(every):
    made = every["machines"]
    assert any(sentence.startswith(f"{DOLLARS} against h: time") for sentence in made.says)
    (ratio,) = re.findall(r"time at the most work ([\d.]+) times", " ".join(made.says))
    assert float(ratio) == pytest.approx(3, rel=0.1)


def test_the_matched_figure_tells_what_the_boxes_hide(every, data):
    (sentence, *_) = every["matched_conv_size"].says
    times = data.main.pivot_table("pass_mean_s", ["layers", "batch_size"], "conv_size").dropna()
    ratio = np.exp(np.log(times[8] / times[3]).mean())
    assert f"{ratio:.3g}-fold between cells that differ in nothing else" in sentence


def test_the_saturation_figure_marks_the_tables_places(every, data):
    figure = every["saturation"].figure
    table = data.fitted("saturation")
    wanted = table[(table["conv_size"] == 5) & (table["layers"] == 4)].iloc[0]
    marks = [line for line in figure.axes[1].lines if line.get_marker() == "d"]
    places = [float(line.get_xdata()[0]) for line in marks]
    assert any(place == pytest.approx(wanted["n_half_examples"]) for place in places)


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


def test_what_is_left_out_a_cell_agrees_with_its_score(data):
    cells, scores = data.fitted("held_out_cells"), data.fitted("held_out")
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


def test_many_points_are_pixels(data):
    rows = pd.concat([data.cells] * 20, ignore_index=True)
    axes = plt.figure().add_subplot()
    points(axes, data, rows, rows["batch_size"], rows["latency_s"], "layers")
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


def test_all_files_are_written_and_small(study, tmp_path):
    inputs = [str(study / f"{name}.parquet") for name in ("cells", "visits", "roofs")]
    paths = [[str(tmp_path / f"mnist_{name}.{kind}") for name in FIGURES]
             for kind in ("svg", "png")]  # fmt: skip
    plot("mnist", *inputs, str(study / "fits"), *paths, str(tmp_path / "mnist.json"))
    assert len(list(tmp_path.iterdir())) == 2 * len(FIGURES) + 1
    assert sum(path.stat().st_size for path in tmp_path.glob("*.svg")) < 1_300_000
    svg = (tmp_path / "mnist_by_layers.svg").read_text()
    assert "time of a pass (s)" in svg and "<dc:title>mnist: Time by layers" in svg
    words = json.loads((tmp_path / "mnist.json").read_text())
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
    cells = full_cells()
    cells = cells[cells["model"] == "mnist"]
    slow = cells.assign(machine="slow", host="slow", latency_s=5 * cells["latency_s"]).iloc[:-4]
    folder = write_study(tmp_path, pd.concat([cells, slow], ignore_index=True))
    data = data_of(folder)
    assert set(data.cells["machine"]) == {"h"} and len(data.cells) == len(cells)
    assert "Drawn for h, one of 2 machines." in drawn("by_layers", data).says
    assert drawn("machines", data).filled
    assert len(timed_visits(data.cells)) == len(data.visits)
