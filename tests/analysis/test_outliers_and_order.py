"""Cells that stand out, and drift with the order of the runs."""

import numpy as np
import pandas as pd
import pytest
from made_study import grid, nominal, processes_of
from statsmodels.stats.diagnostic import acorr_ljungbox

from tfscale.analysis.drift import ljung_box, run_order
from tfscale.analysis.scatter import outliers, shifts
from tfscale.analysis.statistics import process_rows, run_rows


def law(cell: dict) -> float:
    return cell["layers"] ** 2 * cell["conv_size"] ** 0.4


def spoilt(cells: pd.DataFrame, rows: list[int], factor: float) -> pd.DataFrame:
    slow = cells["pass_mean_s"].where(~cells.index.isin(rows), cells["pass_mean_s"] * factor)
    return cells.assign(pass_mean_s=slow)


@pytest.mark.parametrize("rows", [[17], [16, 17], [3, 20, 40]])
@pytest.mark.parametrize("factor", [0.3, 4.0])
def test_cells_far_off_are_named(rows, factor):
    cells = spoilt(grid(law), rows, factor)
    flagged = outliers(cells, 0.95)
    assert sorted(flagged["row"]) == rows
    assert flagged["ratio_low"].lt(factor * 1.1).all()
    assert flagged["ratio_high"].gt(factor * 0.9).all()


def test_clean_tables_have_seldom_an_outlier():
    flagged = [len(outliers(grid(law, noise=0.1, seed=seed), 0.95)) for seed in range(20)]
    assert np.mean(np.array(flagged) > 0) <= 0.12
    assert outliers(grid(law), 0.95).empty


def test_a_small_shift_is_no_fault_however_significant():
    assert outliers(spoilt(grid(law, noise=0.001), [17], 1.05), 0.95).empty


@pytest.mark.parametrize(
    "cells",
    [
        grid(law, noise=0),
        grid(law).iloc[:3],
        grid(law).iloc[[0] * 12],
        grid(lambda _: 1.0, noise=0),
    ],
)
def test_tables_that_cannot_tell_have_no_outlier(cells):
    assert outliers(cells, 0.95).empty


def test_shifts_keep_the_index_of_the_table():
    cells = spoilt(grid(law), [17], 4.0)
    table = cells.assign(log_s=np.log(cells["pass_mean_s"]))
    table.index = table.index + 100
    assert list(shifts(table, 0.95).index) == [117]


def drifting(slope: float, seed: int = 0) -> pd.DataFrame:
    cells = nominal(grid(law, seed=seed))
    return cells.assign(pass_mean_s=cells["pass_mean_s"] * np.exp(slope * np.arange(len(cells))))


def test_drift_with_the_order_of_rows_is_found():
    table = run_order(drifting(0.01), 0.95, np.random.default_rng(0))
    assert list(table["verdict"]) == ["drift"]
    assert table["effect_low"][0] > 1


def test_no_drift_is_seldom_called_drift():
    found = [
        run_order(drifting(0.0, seed), 0.95, np.random.default_rng(0))["verdict"][0]
        for seed in range(12)
    ]
    assert found.count("drift") <= 2


def test_the_runs_of_a_study_in_order_of_time_can_drift():
    cells = grid(law, noise=0)
    rng = np.random.default_rng(0)
    still = run_order(run_rows(process_rows(processes_of(cells, seed=2), cells)), 0.95, rng)
    moved = run_order(
        run_rows(process_rows(processes_of(cells, slope=0.001, seed=2), cells)), 0.95, rng
    )
    assert (still["verdict"][0], moved["verdict"][0]) == ("undetermined", "drift")


@pytest.mark.parametrize(
    ("cells", "why"),
    [
        (grid(law), "too few rows repeat another one"),
        (nominal(grid(law)).iloc[:4], "too few rows repeat another one"),
        (nominal(grid(law, noise=0)), "repeated rows are all equal"),
    ],
)
def test_tables_without_repeats_cannot_tell_drift(cells, why):
    table = run_order(cells, 0.95, np.random.default_rng(0))
    assert list(table["verdict"]) == [f"not testable: {why}"]


def test_the_same_seed_gives_the_same_table():
    tables = [run_order(drifting(0.001), 0.95, np.random.default_rng(3)) for _ in range(2)]
    assert tables[0].equals(tables[1])


def test_the_statistic_is_that_of_statsmodels():
    series = np.random.default_rng(0).normal(size=(50, 3))
    known = [acorr_ljungbox(column, lags=[9])["lb_stat"].iloc[0] for column in series.T]
    assert np.allclose(ljung_box(series, 9), known)
