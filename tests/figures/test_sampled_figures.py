"""Figures of a sampled study: what is timed and what is predicted, of families with and without
axes, two settings of a call, and beside an imported machine."""

from dataclasses import replace

import pandas as pd
import pytest
from figure_study import FIGURES, data_of, drawn
from made_study import NOTHING_ASKED, fitted, processes_of, work_cells, write_import
from other_study import FAMILIES, cells_of
from paper_families import PAPER_FAMILIES

from tfscale.axes import adopt
from tfscale.study.grid import cells as grid_cells
from tfscale.study.outputs import figures_of
from tfscale.study.sample import sample_of

LAYERS, BATCHES = [4, 6, 8, 10], [1, 2, 4, 8, 16, 32, 64, 128]
GRID = [
    {"model": ["mnist"], "layers": LAYERS, "batch_size": BATCHES, "conv_size": [3]}
    | {"input_size": [28], "threads": [1, 2]},
    {"model": ["fixed"], "batch_size": list(range(1, 25))},
]
SHOWN = {"mnist": FIGURES, "fixed": figures_of(["batch_size"], paper=False)}


@pytest.fixture(autouse=True)
def families():
    adopt(PAPER_FAMILIES | {"fixed": FAMILIES["fixed"]})


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    adopt(PAPER_FAMILIES | {"fixed": FAMILIES["fixed"]})
    folder = tmp_path_factory.mktemp("sampled")
    axes = {"batch_size": BATCHES, "conv_size": [3]}
    whole = [work_cells(layers=LAYERS, threads=[1, 2], **axes)]
    whole.append(cells_of("fixed", batch_size=range(1, 25)))
    sample = sample_of(grid_cells(GRID), {"mnist": 24, "fixed": 10}, [], 1)
    timed = pd.concat(whole, ignore_index=True).query("cell not in @sample.left_out")
    plan = replace(NOTHING_ASKED, grid=GRID, unsampled=list(sample.left_out), checks=sample.checks)
    other = write_import(folder / "other.csv", work_cells(layers=LAYERS, **axes), "other")
    cells = timed.reset_index(drop=True)
    fitted(folder, (cells, processes_of(cells)), [other], plan)
    return folder


@pytest.mark.parametrize("family", SHOWN)
def test_every_figure_of_a_sampled_study_is_drawn_or_says_why_not(study, family):
    data = data_of(study, family)
    made = {name: drawn(name, data) for name in SHOWN[family]}
    assert made["border"].filled and made["drivers"].filled and made["batches"].filled
    assert "by prediction" in " ".join([*made["drivers"].says, *made["batches"].says])


def test_a_mark_is_a_timed_cell_and_a_line_without_one_is_predicted(study):
    data = data_of(study)
    lines = [line for line in drawn("batches", data).figure.axes[0].lines if line.get_markevery()]
    assert len(lines) == len(LAYERS)
    for line in lines:
        assert list(line.get_xdata()) == BATCHES
        marked = {BATCHES[place] for place in line.get_markevery()}
        assert any(
            marked == set(own["batch_size"]) for _, own in data.cells.groupby(["layers", "threads"])
        )


def test_predictions_stand_in_on_the_studys_own_machine_alone(study):
    table = pd.read_parquet(study / "fits/drivers.parquet").set_index(["machine", "model"])
    assert (table.loc[("h", "mnist"), "predicted"] > 0).all()
    assert (table.loc["other", "predicted"] == 0).all()
    predictions = pd.read_parquet(study / "fits/predictions.parquet")
    assert set(predictions["machine"]) == {"h"}
    (sentence,) = [
        sentence
        for sentence in pd.read_parquet(study / "fits/findings.parquet")["sentence"]
        if "more cells are predicted" in sentence and sentence.startswith("30 ")
    ]
    assert "10 that no fit used" in sentence


def test_pairs_of_timed_cells_are_matched_though_others_are_predicted(study):
    made = drawn("matched_layers", data_of(study))
    assert made.filled and not any("by prediction" in sentence for sentence in made.says)
