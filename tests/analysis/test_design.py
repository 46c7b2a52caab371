"""What varies in a table, its cell means, and noncentrality."""

import numpy as np
import pandas as pd
import pytest
from made_study import grid, nominal, processes_of
from scipy.stats import ncf
from statsmodels.stats.oneway import confint_noncentrality

from tfscale.analysis import slices
from tfscale.analysis.statistics import noncentrality_interval, process_rows, run_rows
from tfscale.errors import StudyError
from tfscale.words import between, p_words, share, times


@pytest.mark.parametrize("wrong", [0, -1, np.nan, np.inf, "slow"])
@pytest.mark.parametrize("column", ["latency_s", "pass_mean_s", "batch_size", "called_batch"])
def test_a_number_that_is_not_above_nought_is_refused_by_name(wrong, column):
    cells = grid()
    cells[column] = cells[column].astype(object)
    cells.loc[[3, 5, 6, 7, 8], column] = wrong
    with pytest.raises(StudyError, match=f"{column} must be a number above 0.*batch64.* …"):
        slices.checked(cells)


def test_a_row_that_only_repeats_another_is_no_replicate():
    twice = pd.concat([grid(), grid()], ignore_index=True)
    pd.testing.assert_frame_equal(slices.checked(twice), grid())


def test_each_machine_and_model_comes_alone_with_its_times():
    cells = pd.concat([grid(), grid(model="text"), grid(machine="b")], ignore_index=True)
    parts = list(slices.by_model(cells, "latency_s"))
    assert [part[:2] for part in parts] == [("h", "mnist"), ("h", "text"), ("b", "mnist")]
    table = parts[1][2]
    assert table["time_s"].equals(table["latency_s"])
    assert np.allclose(np.exp(table["log_s"]), table["time_s"])


def test_a_nominal_batch_is_no_axis_and_makes_repeats():
    measured, named = grid(), nominal(grid())
    assert not slices.nominal_batch(measured) and slices.nominal_batch(named)
    assert slices.effective(measured) == ["layers", "conv_size", "batch_size"]
    assert slices.effective(named) == ["layers", "conv_size"]
    assert slices.repeated(measured).nunique() == 48
    assert slices.repeated(named).nunique() == slices.architecture(named).nunique() == 12
    assert slices.repeated(measured.iloc[[0, 0]]).tolist() == [0, 0]


def test_axes_without_an_order_are_values():
    cells = pd.concat([grid(), grid().assign(jit=True)], ignore_index=True)
    assert slices.values(cells) == ["jit"] and "jit" not in slices.effective(cells)


def test_the_cell_means_fit_every_two_way_table_and_leave_rows_over():
    ((_, _, table),) = slices.by_model(
        grid(lambda cell: cell["layers"] ** 3 * cell["conv_size"], noise=0)
    )
    x = slices.level_matrix(table).to_numpy()
    assert np.linalg.matrix_rank(x) == x.shape[1] < len(table) - 5
    fitted = x @ np.linalg.lstsq(x, table["log_s"], rcond=None)[0]
    assert np.allclose(fitted, table["log_s"])
    assert slices.level_matrix(table.iloc[:4]) is None
    holes = slices.level_matrix(table[(table["layers"] > 4) | (table["conv_size"] == 3)]).to_numpy()
    assert np.linalg.matrix_rank(holes) == holes.shape[1]


def test_columns_that_are_sums_of_others_go():
    x = pd.DataFrame({"one": 1.0, "a": [0.0, 1, 2], "sum": [1.0, 2, 3], "zero": 0.0})
    assert list(slices.independent(x)) == ["one", "a"]


@pytest.mark.parametrize("f_value", [0.5, 3.0, 40.0, 3000.0])
def test_noncentrality_is_where_the_distribution_says(f_value):
    low, high = noncentrality_interval(f_value, (3, 44), 0.05)
    if low:
        assert ncf.cdf(f_value, 3, 44, low) == pytest.approx(0.975, abs=1e-6)
    assert ncf.cdf(f_value, 3, 44, high) == pytest.approx(0.025, abs=1e-6)
    if f_value < 1000:
        known = np.nan_to_num(confint_noncentrality(f_value, (3, 44), alpha=0.05))
        assert (low, high) == pytest.approx(tuple(np.clip(known, 0, None)), rel=1e-2, abs=1e-4)


def test_noncentrality_of_nothing_is_nothing():
    assert noncentrality_interval(0.0, (3, 44), 0.05) == (0, 0)
    assert noncentrality_interval(np.inf, (3, 44), 0.05) == (0, 0)


def test_processes_become_rows_of_their_cells_in_order_of_time():
    cells = grid(noise=0)
    processes = processes_of(cells, noise=0, rounds=2, each=3)
    rows = process_rows(processes.sample(frac=1, random_state=0), cells)
    assert len(rows) == len(processes) and rows["started"].is_monotonic_increasing
    merged = rows.merge(cells, on="cell", suffixes=("", "_cell"))
    assert np.allclose(merged["pass_mean_s"], merged["pass_mean_s_cell"])
    runs = run_rows(rows)
    assert len(runs) == 96 and runs["started"].is_monotonic_increasing
    assert set(runs.columns) == set(rows.columns)


def test_numbers_in_words():
    assert (p_words(0.0123), p_words(1e-9), p_words(np.nan)) == (
        "p = 0.012",
        "p < 0.001",
        "p unknown",
    )
    assert (share(0.123), share(0.0123), share(0)) == ("12 %", "1.2 %", "0 %")
    assert times(1.0812, 1.02, 1.14) == "1.08 times (1.02 to 1.14)"
    assert times(np.nan, 1, 2) == "not testable"
    assert between(np.nan, 1) == "(no interval)"
