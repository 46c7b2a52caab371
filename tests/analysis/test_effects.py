"""Shares, scatter, equivalence and corrections on tables whose truth is known."""

import numpy as np
import pandas as pd
import pytest
from made_study import grid, nominal, processes_of

from tfscale.analysis.effects import (
    anova,
    equivalence,
    no_effect,
    share_interval,
    tost,
)
from tfscale.analysis.scatter import spread
from tfscale.analysis.slices import any_difference, log_ratios, slice_number
from tfscale.analysis.statistics import corrected, process_rows


def test_shares_go_to_what_makes_the_difference():
    table = anova(grid(lambda cell: cell["layers"] ** 2 * cell["batch_size"] ** 0.1), 0.95)
    by = table.set_index("term")
    assert by.loc["layers", "omega_squared"] > 0.9
    assert by.loc["layers", "omega_low"] < by.loc["layers", "omega_squared"]
    assert by.loc["layers", "omega_squared"] < by.loc["layers", "omega_high"]
    assert by.loc["layers", "verdict"] == by.loc["batch_size", "verdict"] == "explains"
    assert by.loc["conv_size", "omega_squared"] < 0.01


def test_an_interaction_is_found_and_named():
    table = anova(
        grid(lambda cell: np.exp(np.log(cell["layers"]) * np.log(cell["conv_size"]))), 0.95
    )
    assert table.set_index("term").loc["layers x conv_size", "verdict"] == "explains"


def test_noise_explains_nothing_most_of_the_time():
    said = [anova(grid(lambda _: 1.0, seed=seed), 0.95)["verdict"] for seed in range(10)]
    assert np.mean(pd.concat(said) == "explains") < 0.12


def test_values_without_an_order_have_a_share():
    both = [grid(seed=0), grid(seed=1).assign(jit=True)]
    both[1]["pass_mean_s"] *= 0.5
    table = anova(pd.concat(both, ignore_index=True), 0.95).set_index("term")
    assert table.loc["jit", "verdict"] == "explains" and table.loc["jit", "degrees"] == 1


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        (grid(layers=(4,), batch_size=(1,), conv_size=(3,)), "nothing varies"),
        (grid(layers=(4, 6), batch_size=(1,), conv_size=(3,)), "not testable with 2 cells"),
        (grid(lambda _: 1.0, noise=0), "not testable: all times are equal"),
    ],
)
def test_too_few_cells_have_no_shares(cells, said):
    table = anova(cells, 0.95)
    assert list(table["verdict"]) == [said]


def test_the_interval_of_a_share_is_within_nothing_and_all():
    low, high = share_interval(9.0, 1, 10.0, 30, 0.05)
    assert 0 < low < 0.9 < high < 1
    assert np.isnan(share_interval(10.0, 1, 10.0, 30, 0.05)).all()
    assert np.isnan(share_interval(1.0, 3, 10.0, 4, 0.05)).all()


def test_scatter_that_grows_is_told_from_scatter_that_does_not():
    cells = grid(lambda cell: cell["layers"] ** 3 * cell["batch_size"] ** 0.2, noise=0.1)
    table = spread(cells, 0.95).set_index(["factor", "basis", "scale"])
    assert table.loc[("layers", "levels", "seconds"), "verdict"] == "grows"
    assert table.loc[("layers", "levels", "log seconds"), "verdict"] == "undetermined"
    assert "replicates" not in table.index.get_level_values("basis")


def test_repeats_come_from_rows_of_a_nominal_batch_or_from_processes():
    cells = nominal(grid(lambda _: 1.0, noise=0.0))
    rng = np.random.default_rng(0)
    cells["pass_mean_s"] *= np.exp(rng.normal(0, cells["layers"] ** 3 / 3000))
    found = spread(cells, 0.95).set_index(["factor", "basis", "scale"])
    assert found.loc[("layers", "replicates", "log seconds"), "verdict"] == "grows"
    measured = grid(noise=0.0)
    rows = process_rows(processes_of(measured, lambda cell: cell["layers"] ** 2 / 500), measured)
    found = spread(measured, 0.95, rows).set_index(["factor", "basis", "scale"])
    assert found.loc[("layers", "replicates", "log seconds"), "verdict"] == "grows"
    assert found.loc[("batch_size", "replicates", "log seconds"), "ratio"] == pytest.approx(
        1, abs=0.4
    )


@pytest.mark.parametrize("cells", [grid(noise=0), grid(conv_size=(3,), batch_size=(1,))])
def test_no_scatter_is_not_testable(cells):
    table = spread(cells, 0.95)
    layers = table[table["factor"] == "layers"]
    assert layers["verdict"].str.startswith("not testable: a level ").all()


def test_equivalence_and_difference_are_told_apart():
    table = equivalence(grid(lambda cell: cell["layers"] ** 2.0, noise=0.01), 0.95)
    verdicts = no_effect(table).set_index("factor")["verdict"]
    assert verdicts.to_dict() == {
        "layers": "different",
        "batch_size": "equivalent",
        "conv_size": "equivalent",
    }


def test_no_proof_of_a_difference_is_no_proof_of_none():
    table = equivalence(grid(lambda _: 1.0, noise=0.4), 0.95)
    assert set(no_effect(table)["verdict"]) == {"undetermined"}


def test_effects_of_opposite_sign_do_not_cancel():
    time = lambda cell: 1.2 if (cell["layers"] > 6) == (cell["conv_size"] > 4) else 1.0  # noqa: E731
    table = equivalence(grid(time, noise=0.01, conv_size=(3, 5)), 0.95)
    assert no_effect(table).set_index("factor").loc["conv_size", "verdict"] == "different"


def test_one_pair_is_not_testable():
    table = equivalence(grid(layers=(4, 6), batch_size=(1,), conv_size=(3,)), 0.95)
    assert list(table["verdict"]) == ["not testable"]
    assert equivalence(grid(layers=(4,), batch_size=(1,), conv_size=(3,)), 0.95).empty


def test_the_two_one_sided_tests_know_the_margin():
    base = pd.Series(np.random.default_rng(0).normal(0, 0.01, 20))
    other = pd.Series(np.random.default_rng(1).normal(0.2, 0.01, 20))
    near, far = tost(base, base + 0.05, 0.05), tost(base, other, 0.05)
    assert near["ratio"] == pytest.approx(np.exp(0.05)) and np.isnan(near["p_equivalence"])
    assert far["p_equivalence"] > 0.99 and far["p_difference"] < 1e-6
    assert far["ratio_low"] < far["ratio"] < far["ratio_high"]


def logged(cells: pd.DataFrame) -> pd.DataFrame:
    return cells.assign(log_s=np.log(cells["pass_mean_s"]))


def test_pairs_differ_in_nothing_but_the_factor():
    cells = logged(grid(noise=0))
    pairs = log_ratios(cells, "layers", 4, 8)
    assert len(pairs) == 12
    assert np.allclose(pairs["level_log_s"] - pairs["base_log_s"], np.log(4))
    assert slice_number(cells, "layers").nunique() == 12


def test_any_difference_sees_differences_of_any_sign_and_keeps_its_level():
    crossing = lambda cell: 1 + 0.2 * (-1) ** (cell["layers"] // 2) * (cell["conv_size"] > 4)  # noqa: E731
    assert any_difference(logged(grid(crossing)), "conv_size") < 1e-6
    null = [any_difference(logged(grid(seed=seed)), "conv_size") for seed in range(40)]
    assert np.mean(np.array(null) < 0.05) < 0.15 and np.min(null) < 0.2
    assert np.isnan(any_difference(logged(grid(noise=0)), "conv_size"))
    assert np.isnan(any_difference(logged(grid(layers=(4,), batch_size=(1,))), "conv_size"))


def test_missing_p_values_take_no_part():
    assert corrected(pd.Series([0.01, np.nan, 0.02])).tolist()[::2] == [0.02, 0.02]
    assert np.isnan(corrected(pd.Series([np.nan]))).all()
