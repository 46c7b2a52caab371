"""A machine that becomes slower is noticed, and does not change the ratios between cells."""

import numpy as np
import pandas as pd
import pytest
from made_study import crossed, processes_of, timed

from tfscale.analysis.drift import drift
from tfscale.analysis.slices import without_rounds


def study(ramp=0.0, rounds=5, noise=0.01, **axes) -> pd.DataFrame:
    """Processes, 20 s apart, of a machine that becomes slower by `ramp` in an hour."""
    cells = crossed(**axes)
    cells = timed(cells, 0.001 * 2 ** (cells.index.to_numpy() / 8))
    processes = processes_of(cells, noise=noise, rounds=rounds)
    start = processes["started"].min()
    processes["started"] = start + 20 * (processes["started"] - start)
    hours = (processes["started"] - start).dt.total_seconds() / 3600
    return processes.assign(latency_s=processes["latency_s"] * (1 + ramp * hours))


def of(processes, term):
    return drift(processes, 0.95).set_index("term").loc[term]


def test_a_ramp_of_ten_percent_is_found():
    """48 cells in 5 rounds, 20 s apart: 80 minutes."""
    found = of(study(0.10), "per_hour")
    assert found["total_low"] > 1.0
    assert found["total_low"] <= 1.13 <= found["total_high"] * 1.01


def test_the_ramp_leaves_the_ratios_between_cells():
    found = study(0.10).groupby("cell")["latency_s"].median()
    truth = study(0.0, noise=0.0).groupby("cell")["latency_s"].median()
    ratios = found / truth
    assert (ratios / ratios.median()).between(0.95, 1.05).mean() > 0.95


def test_a_calm_machine_shows_none():
    fires = 0
    for seed in range(20):
        processes = study()
        processes["latency_s"] *= np.random.default_rng(seed).lognormal(0, 0.01, len(processes))
        found = of(processes, "per_hour")
        fires += not found["total_low"] <= 1 <= found["total_high"]
    assert fires <= 4


def test_a_jump_between_rounds_is_the_rounds_and_cancels_between_cells():
    processes = study()
    processes.loc[processes["round"] == 2, "latency_s"] *= 1.2
    found = of(processes, "round_2")
    assert found["effect_low"] <= 1.2 <= found["effect_high"]
    level = without_rounds(processes)
    assert of(level, "round_2")["effect"] == pytest.approx(1, abs=0.02)
    spread = [
        np.log(rows["latency_s"]).groupby(rows["cell"]).std().median()
        for rows in (processes, level, study())
    ]
    assert spread[0] > 4 * spread[1] and spread[1] == pytest.approx(spread[2], rel=0.2)


def test_a_slope_and_rounds_that_cancel_are_no_drift():
    """Every round starts slow and ends fast: the machine is the same at the end of the study."""
    processes = study()
    since_round = processes["started"] - processes.groupby("round")["started"].transform("min")
    processes["latency_s"] *= np.exp(-0.5 * since_round.dt.total_seconds() / 3600)
    found = of(processes, "per_hour")
    assert found["effect"] == pytest.approx(np.exp(-0.5), rel=0.05)
    assert found["total"] == pytest.approx(np.exp(-0.5 * 940 / 3600), abs=0.02), "of one round"
    last = of(processes, "round_5")
    assert last["effect"] == pytest.approx(np.exp(0.5 * 4 * 960 / 3600), rel=0.03)
    assert last["total_low"] < 1 < last["total_high"]


def test_one_round_cannot_tell():
    assert drift(study(0.1, rounds=1), 0.95).empty


def test_few_cells_do_not_take_their_own_noise_for_that_of_a_round():
    few = study(layers=(4,), conv_size=(3,))
    pd.testing.assert_frame_equal(without_rounds(few), few)
