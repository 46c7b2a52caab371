"""The benches of the stopping rule and of noise: simulated coverage, cuts and ramps."""

import numpy as np
import pandas as pd
import pytest

from bench import (
    coverage,
    noise,
    ramp,
    sweeps,
    thresholds,
)

RULE = {
    "protocol": "visits", "rounds": 2, "visits": 3, "max_visits": 8, "precision": 0.02,
    "coverage": 0.9375, "time_cap_s": 120.0,
}  # fmt: skip


def never(number, own, earlier):
    return False


def test_rounds_are_cut_where_the_rule_says():
    walks = np.arange(8.0).reshape(2, 4)
    assert coverage.pooled(walks, lambda _, own, earlier: len(own) == 3) == [0, 1, 2, 4, 5, 6]
    assert coverage.pooled(walks, lambda number, own, earlier: len(own + earlier) == 5) == [
        0,
        1,
        2,
        3,
        4,
    ]
    assert len(coverage.pooled(walks, lambda number, own, earlier: False)) == 8


def test_simulated_coverage_of_a_fixed_number_is_the_claimed_one():
    rng = np.random.default_rng(1)
    fixed = coverage.simulate(noise.log_normal(0.05), never, 1, 8, rng, RULE, studies=2000)
    assert fixed.claimed >= RULE["coverage"]
    assert fixed.real == pytest.approx(fixed.claimed, abs=0.01)
    assert fixed.visits == 8


def test_stopping_when_it_looks_narrow_costs_coverage():
    def narrow(number, own, earlier):
        return len(own) >= 2 and max(own) / min(own) < 1.02

    rng = np.random.default_rng(1)
    made = noise.log_normal(0.05)
    got = coverage.simulate(made, narrow, 1, 8, rng, RULE, studies=1000)
    fixed = coverage.simulate(
        made, lambda number, own, earlier: False, 1, 8, rng, RULE, studies=1000
    )
    assert got.visits < 8
    assert got.real < fixed.real - 0.005


def test_the_rule_is_asked_as_it_is_written():
    stop = coverage.rule_stop(RULE)
    assert [stop(1, [1.0] * count, []) for count in (2, 3)] == [False, True]
    assert not stop(1, [1.0, 1.1, 1.2], [])
    assert [stop(2, [1.0] * count, [1.0] * 2) for count in (3, 4)] == [False, True]
    assert not stop(2, [], [1.0] * 5), "complete rounds are made"
    assert stop(3, [], [1.0] * 5), "further ones only where the cell is not precise yet"
    assert not stop(3, [], [1.0] * 4)


@pytest.mark.parametrize("make", noise.NOISES.values(), ids=list(noise.NOISES))
def test_noise_is_positive_and_of_the_asked_shape(make):
    drawn = make(np.random.default_rng(1), 3, 5)
    assert drawn.shape == (3, 5)
    assert (drawn > 0).all()


def test_noise_as_measured_has_the_spread_of_the_cells_that_were_measured():
    rng = np.random.default_rng(3)
    made = [
        {"model": "text", "cell": f"c{cell}", "round": number, "sentinel": False,
         "disturbed": False, "p50_s": cell * np.exp(rng.normal(0, 0.04))}
        for cell in range(1, 200) for number in range(1, 6)
    ]  # fmt: skip
    further = [row | {"round": 6, "p50_s": 9.0} for row in made[:20:5]]
    ((name, drawn),) = noise.as_measured(pd.DataFrame(made + further)).items()
    assert name == "as measured, text"
    logs = np.log(np.concatenate([drawn(rng, 14, 1) for _ in range(2000)]))
    assert np.std(logs) == pytest.approx(0.04, rel=0.1)
    assert np.median(logs) == pytest.approx(0, abs=0.002)
    assert np.std([np.std(np.log(drawn(rng, 500, 1))) for _ in range(99)]) > 0.005, (
        "one spread each"
    )


def test_a_ramp_moves_all_cells_and_leaves_their_ratios():
    table = ramp.synthetic(np.random.default_rng(1), 0.1)
    late = table.iloc[-100:]
    assert (late["p50_s"] / late["true_s"]).median() == pytest.approx(1.08, abs=0.02)
    assert np.mean(ramp.ratio_errors(table) <= 0.05) > 0.95


def test_simulated_sweeps_have_the_threshold_that_was_put_in():
    rng = np.random.default_rng(0)
    jump = sweeps.simulate(sweeps.BROKEN["all times + 50 %"], 8, 0.02, rng, sweeps=10)
    none = sweeps.simulate(sweeps.SMOOTH["overhead + work"], 8, 0.02, rng, sweeps=10)
    assert jump.found >= 0.8 and jump.covered >= 0.8 and none.found <= 0.2
    assert thresholds.TITLE.startswith("Simulated thresholds")
