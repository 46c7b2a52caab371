"""Cells that a predictor has not seen: held-out errors, intervals, and the latency budget."""

import numpy as np
import pandas as pd
import pytest
from made_study import paper_table, predicted, processes_of, work_cells

from tfscale.analysis.held_out import (
    PREDICTORS,
    TESTS,
    folds,
    held_out_tables,
    noise_floor,
    work_model,
)
from tfscale.analysis.predictions import (
    coverage_table,
    covered,
    cross_validated,
    within_budget,
)
from tfscale.analysis.scatter import outliers
from tfscale.analysis.slices import architecture
from tfscale.analysis.work_model import fit_work
from tfscale.errors import StudyError

GRID = {
    "model": ["mnist"],
    "layers": [6, 12],
    "batch_size": [8],
    "conv_size": [4],
    "input_size": [28],
}
TEXT = {"model": ["text"], "input_size": [56]}


def test_a_fold_leaves_out_what_its_name_says():
    cells = work_cells()
    counts = {test: len(folds(cells, test)) for test in TESTS}
    assert counts == {"cell": 48, "architecture": 12, "level": 11, "top level": 3}
    for fold in folds(cells, "top level"):
        factor, level = fold.what.rsplit(" ", 1)
        assert set(cells.iloc[fold.out][factor]) == {int(level)}
    together = np.concatenate([fold.out for fold in folds(cells, "architecture")])
    assert sorted(together) == list(range(48))


def test_a_batch_that_never_reached_the_model_is_no_level():
    cells = work_cells().assign(called_batch=32)
    assert not any("batch" in fold.what for fold in folds(cells, "level"))


def test_many_cells_are_left_out_together():
    cells = work_cells(batch_size=range(1, 30))
    parts = folds(cells, "cell")
    assert len(parts) == 60
    assert sorted(np.concatenate([fold.out for fold in parts])) == list(range(len(cells)))


@pytest.mark.parametrize("name", PREDICTORS)
def test_predictors_know_the_truth_they_can_express(name):
    cells = work_cells(noise=0)
    predictions = PREDICTORS[name](cells)(cells.iloc[::-1])
    assert predictions.shape == (48,) and (predictions > 0).all()
    if name == "work model":
        assert predictions == pytest.approx(cells["latency_s"].to_numpy()[::-1])


@pytest.mark.parametrize("name", ["law per factor", "log-log regression"])
def test_baselines_find_a_product_of_powers(name):
    cells = work_cells()
    cells["latency_s"] = 1e-4 * cells["layers"] ** 2.0 * cells["called_batch"] ** 0.5
    top = cells["layers"] == 10
    predicted = PREDICTORS[name](cells[~top].reset_index(drop=True))(cells[top])
    assert predicted == pytest.approx(cells.loc[top, "latency_s"].to_numpy(), rel=0.01)


def test_held_out_errors_are_as_large_as_the_noise_when_the_model_is_true():
    cells = work_cells(noise=0.02)
    table = held_out_tables(cells, processes_of(cells))[0].set_index(["test", "predictor"])
    ours = table.xs("work model", level="predictor")
    assert (ours.loc[["cell", "architecture"], "median_error_percent"] < 3).all()
    assert (ours["negative_predictions"] == 0).all()
    assert ours.loc["cell", "within_10_percent"] > 95
    assert 1 < ours.loc["cell", "noise_floor_percent"] < 4
    others = table.drop("work model", level="predictor").loc["architecture"]
    assert (others["median_error_percent"] > ours.loc["architecture", "median_error_percent"]).all()


def test_what_cannot_be_left_out_is_said():
    one = work_cells(layers=(4,), conv_size=(3,), batch_size=(1,))
    table = held_out_tables(one)[0]
    assert table["note"].str.startswith("not testable: there is no second ").all()
    assert table["median_error_percent"].isna().all()


def test_the_noise_floor_needs_two_rounds():
    cells = work_cells()
    assert np.isnan(noise_floor(cells, processes_of(cells, rounds=1)))
    assert np.isnan(noise_floor(cells, None))


def test_an_interval_covers_an_architecture_that_it_has_not_seen():
    tables = [work_cells(noise=0.02, misfit=0.08, seed=seed) for seed in range(3)]
    inside = np.concatenate([covered(cells) for cells in tables])
    assert 0.82 < inside.mean() <= 0.99


def test_an_interval_holds_its_prediction():
    cells = work_cells()
    made = cross_validated(cells, architecture(cells).to_numpy())
    low, high = made.interval(cells)
    latency_s = work_model(cells)(cells)
    assert ((low < latency_s) & (latency_s < high)).all()


def test_cells_not_run_are_predicted_and_extrapolation_is_named():
    table = predicted(work_cells(), GRID).set_index("layers")
    assert table.loc[6, "extrapolates"] == ""
    assert table.loc[12, "extrapolates"] == "layers 12 > 10"
    assert (table["latency_low_s"] < table["latency_s"]).all()
    assert table["measured_s"].isna().all()


def test_of_an_architecture_that_was_timed_the_interval_is_narrower():
    cells = work_cells(noise=0.01, misfit=0.1)
    table = predicted(cells, GRID | {"layers": [6], "conv_size": [3, 4]}).set_index("conv_size")
    width = np.log(table["latency_high_s"] / table["latency_low_s"])
    assert width[3] < 0.8 * width[4]


def test_another_batch_of_one_model_has_an_interval():
    one = work_cells(layers=(6,), conv_size=(3,), batch_size=range(1, 30, 2))
    asked = predicted(one, GRID | {"layers": [6], "conv_size": [3, 4]}).set_index("conv_size")
    assert asked.loc[3, "latency_low_s"] < asked.loc[3, "latency_high_s"] < np.inf
    assert asked.loc[4, "note"] == "no interval: at least 3 architectures are needed"


def test_a_cell_that_was_run_after_all_shows_its_latency():
    cells = work_cells()
    grid = GRID | {"layers": [6], "conv_size": [3], "batch_size": [4]}
    assert predicted(cells, grid)["measured_s"].item() in set(cells["latency_s"])


@pytest.mark.parametrize(
    ("change", "cells", "note"),
    [
        ({"threads": [2]}, work_cells(), "no cell of this model and setting was run"),
        (TEXT, work_cells(), "no cell of this model and setting was run"),
        ({}, work_cells(layers=(6,), conv_size=(3,)), "at least 3 architectures are needed"),
        ({}, work_cells(conv_size=(3,), batch_size=(1,)), "4 cells are too few for 90 %"),
    ],
)
def test_what_cannot_be_predicted_says_why(change, cells, note):
    table = predicted(cells, GRID | {"layers": [6]} | change)
    assert note in table["note"].item()
    assert np.isnan(table["latency_high_s"].item())


def test_a_cell_whose_work_was_not_counted_is_refused_by_name():
    with pytest.raises(StudyError, match="predict: the work of mnist_layers40_conv4_input28 was"):
        predicted(work_cells(), GRID | {"layers": [40]})


def test_coverage_is_printed_or_not_testable():
    assert 70 <= coverage_table(work_cells(misfit=0.05))["covered_percent"].item() <= 100
    few = coverage_table(work_cells(layers=(4,), conv_size=(3,)))
    assert few["note"].item().startswith("not testable")


def budget_cells() -> pd.DataFrame:
    cells = work_cells(noise=0)
    flop = cells["layers"] * 10 + cells["conv_size"]
    return cells.assign(
        flop_per_example=flop,
        read_weight_bytes=flop,
        latency_low_s=0.9 * cells["latency_s"],
        latency_high_s=1.1 * cells["latency_s"],
    )


def test_the_largest_model_within_a_budget_has_the_largest_batch_that_fits():
    cells = budget_cells()
    found = within_budget(cells, cells.iloc[:0], 12).iloc[0]
    within = cells[cells["latency_s"] <= 0.012]
    assert found["flop_per_example"] == within["flop_per_example"].max()
    same = within[within["flop_per_example"] == found["flop_per_example"]]
    assert found["batch_size"] == same["batch_size"].max()
    assert found["verdict"] == "within"


def test_a_budget_that_the_interval_reaches_beyond_is_undetermined():
    cells = budget_cells().iloc[:1]
    just = 1050 * cells["latency_s"].item()
    assert within_budget(cells, cells.iloc[:0], just)["verdict"].iloc[0].startswith("undetermined")
    assert (
        "the fastest, mnist_layers4"
        in within_budget(cells, cells.iloc[:0], just / 2)["verdict"].iloc[0]
    )


def test_predicted_cells_that_extrapolate_say_so_in_the_budget():
    asked = predicted(work_cells(), GRID)
    found = within_budget(budget_cells(), asked, 1e6).set_index(["source", "largest_by"])
    assert found.loc[("predicted", "FLOP"), "verdict"] == "extrapolated (layers 12 > 10)"


@pytest.mark.parametrize("model", ["mnist", "text"])
@pytest.mark.parametrize("host", ["acer", "macbook"])
def test_the_papers_tables_are_predicted_within_the_bars(model, host):
    table = paper_table(f"{model}-{host}")
    cells = table.drop(index=outliers(table, 0.95)["row"]).reset_index(drop=True)
    table = held_out_tables(cells, None, {"work model": work_model})[0].set_index("test")
    assert table.loc["architecture", "median_error_percent"] <= 6
    assert table.loc["architecture", "within_10_percent"] >= 69
    top = cells["layers"] == 10
    predicted = fit_work(cells[~top].reset_index(drop=True)).predict(cells[top])
    assert np.median(np.abs(predicted / cells.loc[top, "latency_s"] - 1)) <= 0.09
    assert 85 <= coverage_table(cells)["covered_percent"].item() <= 97
