"""Thresholds on sweeps whose truth is known: alarms, power, places, and what cannot be said."""

import numpy as np
import pandas as pd
import pytest
from made_study import sweep as made_sweep

from tfscale.analysis.sweeps import (
    Sweep,
    _pooled_variance,
    candidates,
    curves,
    null_gains,
    place_interval,
    sweep_of,
)
from tfscale.analysis.thresholds import (
    THRESHOLDS,
    Broken,
    _broken,
    best_break,
    power_of,
    smallest_jump,
    threshold,
    thresholds,
)

X = 2.0 ** np.arange(8)
NOISE, TABLES = 0.012, 199


def sweep(times, noise=NOISE, seed=0, x=X) -> Sweep:
    rng = np.random.default_rng(seed)
    return Sweep(x, times * np.exp(noise * rng.standard_normal(len(x))), np.ones(len(x)), noise, 40)


def verdicts(truth, count: int, noise=NOISE) -> list[dict]:
    """What is said of `count` sweeps whose times are `truth`, under noise of its own each."""
    rng = np.random.default_rng(3)
    return [threshold(sweep(truth(X), noise, seed), 0.95, rng, TABLES) for seed in range(count)]


def share(said: list[dict]) -> float:
    return float(np.mean([row["verdict"] == "threshold" for row in said]))


def study(truth, **how) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Cells and processes of a model whose calls take `truth` of the batch size."""
    return made_sweep(truth, **{"seed": 5, "speeds": (4,)} | how)


def found(cells, processes=None, seed=1) -> pd.DataFrame:
    return thresholds(cells, processes, 0.95, np.random.default_rng(seed), TABLES)


def test_every_break_leaves_two_levels_on_each_side():
    kinds, bounds, columns = candidates(X)
    assert set(kinds) == {"slope", "level", "work", "all"}
    assert len(kinds) == len(bounds) == columns.shape[1]
    assert bounds.min() == pytest.approx(X[1]) and bounds.max() == pytest.approx(X[-2])
    steps = columns[:, [kind == "level" for kind in kinds]]
    assert steps.sum(0).min() == 2 and (1 - steps).sum(0).min() == 2


def test_curves_hold_the_logarithm_and_the_line():
    columns = curves(X)
    for wanted in (np.log(X), X, X**0.5):
        close = [abs(np.corrcoef(wanted, column)[0, 1]) for column in columns.T]
        assert max(close) == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize(
    "truth",
    [lambda x: 20 + x, lambda x: x**0.7, lambda x: 1 + np.log(x)],
    ids=["line", "power", "log"],
)
def test_smooth_sweeps_seldom_have_a_threshold(truth):
    assert share(verdicts(truth, 40)) <= 0.1


@pytest.mark.parametrize(
    "truth",
    [
        lambda x: (10 + x) * (1 + 0.5 * (x > 20)),
        lambda x: 10 + x + 15 * (x > 20),
        lambda x: 5 + x + np.maximum(x - 20, 0),
    ],
    ids=["all", "level", "slope"],
)
def test_a_change_by_half_is_found_where_it_is(truth):
    said = verdicts(truth, 30)
    assert share(said) >= 0.9
    hits = [row for row in said if row["verdict"] == "threshold"]
    assert np.mean([row["place_low"] <= 20 <= row["place_high"] for row in hits]) >= 0.8


def test_the_change_is_told_in_numbers():
    found = best_break(sweep(5 + X + np.maximum(X - 20, 0), noise=1e-6))
    assert found.kind == "slope"
    assert found.place == pytest.approx(20, rel=0.05)
    assert found.slope_after_s / found.slope_before_s == pytest.approx(2, rel=0.02)
    assert found.jump == pytest.approx(0, abs=0.01)
    found = best_break(sweep((10 + X) * (1 + 0.5 * (X > 20)), noise=1e-6))
    assert found.jump == pytest.approx(0.5, rel=0.1) and found.change > 0.4
    assert "jumps by 5" in found.words() and "times as much" in found.words()


def test_the_place_of_a_jump_is_between_its_levels():
    low, high = place_interval(sweep(10 + X + 30 * (X > 20)), 0.95)
    assert (low, high) == (16, 32)


def test_without_noise_nothing_breaks():
    smooth = threshold(sweep(10 + X, noise=0), 0.95, np.random.default_rng(0), TABLES)
    assert smooth["verdict"] == "no threshold"
    flat = threshold(sweep(np.ones(8), noise=0), 0.95, np.random.default_rng(0), TABLES)
    assert flat["verdict"] == "no threshold"


def test_the_smallest_jump_is_one_that_is_found():
    calm, loud = sweep(10 + X, 0.005), sweep(10 + X, 0.05)
    rng = np.random.default_rng(2)
    smallest = {}
    for one in (calm, loud):
        limits = tuple(np.quantile(null, 0.95) for null in null_gains(one, TABLES, rng))
        smallest[one.noise] = smallest_jump(one, limits, 2.0, rng)
        assert power_of(one, 0.0, limits, 2.0, rng) <= 0.1
    assert smallest[calm.noise] <= 0.1
    assert np.isnan(smallest[loud.noise]) or smallest[loud.noise] > smallest[calm.noise]


def test_a_table_of_all_sweeps_and_what_they_cannot_tell():
    cells, processes = study(lambda b: 10 + b + 20 * (b > 20), speeds=(4, 6))
    table = found(cells, processes)
    assert list(table.columns) == THRESHOLDS.names
    batch = table[table["factor"] == "batch_size"]
    assert batch["slice"].tolist() == ["layers=4", "layers=6"]
    assert (batch["verdict"] == "threshold").all()
    assert batch["reason"].str.startswith("between 16 and 32 the time jumps by ").all()
    assert (batch["q_value"] >= batch["p_value"]).all()
    assert batch["noise"].between(0.002, 0.02).all()
    layers = table[table["factor"] == "layers"]
    assert set(layers["verdict"]) == {"not testable"} and len(layers) == len(X)
    assert set(layers["reason"]) == {"2 levels, 6 are needed"}
    assert found(cells, processes).equals(table)


def test_a_sweep_without_threshold_says_what_it_would_have_found():
    cells, processes = study(lambda b: 10 + b)
    (row,) = found(cells, processes).to_dict("records")
    assert row["verdict"] == "no threshold"
    assert row["smallest_jump_found"] <= 0.3
    assert row["reason"].startswith("overhead + work explains it; a sudden ")
    assert found(cells)["verdict"].tolist() == ["no threshold"]


def test_nominal_batch_sizes_of_an_imported_table_are_no_sweep():
    cells, _ = study(lambda b: 10 + b, speeds=(4, 6, 8, 10, 12, 14))
    table = found(cells.assign(called_batch=32, latency_s=cells["layers"] * 1e-3))
    batch = table[table["factor"] == "batch_size"]
    assert set(batch["verdict"]) == {"not testable"}
    assert set(batch["reason"]) == {"every call was the same (x = 32), whatever the table says"}
    (layers,) = table[table["factor"] == "layers"].to_dict("records")
    assert layers["levels"] == 6 and layers["x"] == "flop_per_call"


def test_cells_of_one_level_are_replicates_and_wide_ones_count_less():
    cells, _ = study(lambda b: 10 + b, noise=0)
    twice = pd.concat([cells, cells.assign(latency_s=cells["latency_s"] * 1.02)])
    twice.loc[twice["batch_size"] == 8, "half_width"] = 0.2
    rows = twice.reset_index(drop=True).assign(x=twice["batch_size"].to_numpy())
    rows = rows.assign(mean_log=np.log(rows["latency_s"]), within_ss=0.0, within_df=0, processes=1)
    both = sweep_of(rows)
    assert both.count == len(X) and both.freedom == len(X)
    assert both.noise == pytest.approx(np.log(1.02) / 2, rel=1e-6)
    assert both.spread[3] == pytest.approx(10) and both.spread[4] == 1


def test_one_cell_has_no_sweep():
    cells, processes = study(lambda b: 10 + b, sizes=(1,))
    assert found(cells, processes).empty


def test_one_break_among_many_sweeps_may_be_chance(monkeypatch):
    cells, processes = study(lambda b: 10 + b, speeds=range(4, 14, 2))
    said = {"p_value": 0.04, "p_smooth": 0.01, "verdict": "threshold", "reason": "a break"}
    calm = said | {"p_value": 0.9, "verdict": "no threshold"}
    answers = iter([said] + 4 * [calm])
    monkeypatch.setattr("tfscale.analysis.thresholds.threshold", lambda *given: next(answers))
    monkeypatch.setattr("tfscale.analysis.thresholds.varying", lambda table: ["batch_size"])
    batch = found(cells, processes)
    assert "threshold" not in set(batch["verdict"])
    assert batch["reason"].iloc[0] == "a break; one of 5 sweeps may show that by chance"


def test_a_small_break_in_loud_data_is_undetermined():
    small = Broken("level", 8.0, 1.0, 1.0, 0.02, 0.05, 0.0)
    assert _broken(small, 8, 16, 0.02)[0] == "no threshold"
    assert _broken(small, 8, 16, 0.2) == ("undetermined", "a break within a noise of 20 %")


@pytest.mark.parametrize(
    ("truth", "verdict", "words"),
    [
        (lambda x: (10 + x) * (1 - 0.4 * (x > 20)), "threshold", "less than the growth before"),
        (lambda x: 10 + x - 15 * (x > 10), "undetermined", "the time falls by"),
    ],
    ids=["cheaper", "falling"],
)
def test_a_drop_is_not_called_a_jump(truth, verdict, words):
    """A call may cost less than expected, but with more work the time itself cannot fall."""
    row = threshold(sweep(truth(X), 0.005), 0.95, np.random.default_rng(0), TABLES)
    assert row["verdict"] == verdict and words in row["reason"], row["reason"]
    assert "jump" not in row["reason"] and "-" not in row["reason"]


def test_the_places_error_is_pooled_with_that_of_replicates():
    smooth = sweep(5 + X + np.maximum(X - 20, 0))
    variance, freedom = _pooled_variance(smooth, 4 * NOISE**2)
    assert (variance, freedom) == (pytest.approx(NOISE**2), 44)
    assert _pooled_variance(smooth, 400 * NOISE**2) == (pytest.approx(100 * NOISE**2), 4)
