"""A machine that becomes slower is noticed, and does not change the ratios between cells."""

import numpy as np
import pandas as pd
import pytest

from tfscale.analysis.drift import drift
from tfscale.study.study import order


def study(ramp: float, cells: int = 24, rounds: int = 2, sentinels: int = 4, noise: float = 0.01):
    """Visits of a study whose machine becomes slower by `ramp` from its start to its end."""
    rng = np.random.default_rng(11)
    level = {f"c{n}": 0.001 * 2 ** (n / 4) for n in range(cells)}
    sequence = [
        (name, number, False)
        for number in range(1, rounds + 1)
        for name in order(list(level), 1, number)
    ]
    for place in range(sentinels, 0, -1):
        position = round(len(sequence) * (place - 1) / max(sentinels - 1, 1))
        sequence.insert(position, ("c0", place, True))
    start = pd.Timestamp("2026-01-01", tz="UTC")
    rows = []
    for index, (cell, number, sentinel) in enumerate(sequence):
        slower = 1 + ramp * index / len(sequence)
        for visit in range(3):
            seconds = 20 * index + 2 * visit
            rows.append(
                {
                    "cell": cell, "machine": "m", "round": number, "sentinel": sentinel,
                    "started": start + pd.Timedelta(seconds=seconds), "disturbed": False,
                    "p50_s": level[cell] * slower * rng.lognormal(0, noise),
                }
            )  # fmt: skip
    return pd.DataFrame(rows).astype({"started": "datetime64[us, UTC]"}), level


def of(visits, term):
    return drift(visits, 0.95).set_index("term").loc[term]


def test_a_ramp_of_ten_percent_is_found():
    visits, _ = study(0.10)
    found = of(visits, "per_hour")
    assert found["total_low"] > 1.0
    assert found["total_low"] <= 1.10 <= found["total_high"] * 1.01


def test_the_ramp_leaves_the_ratios_between_cells():
    visits, level = study(0.10, cells=96)
    typical = visits[~visits["sentinel"]].groupby("cell")["p50_s"].median()
    ratios = typical / pd.Series(level)
    assert (ratios / ratios.median()).between(0.95, 1.05).mean() > 0.95


def test_a_calm_machine_shows_none():
    fires = 0
    for seed in range(20):
        visits, _ = study(0.0)
        rng = np.random.default_rng(seed)
        visits["p50_s"] *= rng.lognormal(0, 0.01, len(visits))
        found = of(visits, "per_hour")
        fires += not found["total_low"] <= 1 <= found["total_high"]
    assert fires <= 4


def test_a_jump_between_rounds_is_the_rounds():
    visits, _ = study(0.0)
    visits.loc[(visits["round"] == 2) & ~visits["sentinel"], "p50_s"] *= 1.2
    visits = visits[~visits["sentinel"]]
    found = of(visits, "round_2")
    assert found["effect_low"] <= 1.2 <= found["effect_high"]


def test_a_slope_and_rounds_that_cancel_are_no_drift():
    """Every round starts slow and ends fast: the machine is the same at the end of the study."""
    visits, _ = study(0.0, rounds=4, sentinels=0)
    since_round = visits["started"] - visits.groupby("round")["started"].transform("min")
    visits["p50_s"] *= np.exp(-0.5 * since_round.dt.total_seconds() / 3600)
    found = of(visits, "per_hour")
    assert found["effect"] == pytest.approx(np.exp(-0.5), rel=0.05)
    assert found["total"] == pytest.approx(np.exp(-0.5 * 460 / 3600), abs=0.01), "of one round"
    last = of(visits, "round_4")
    assert last["effect"] == pytest.approx(np.exp(0.5 * 3 * 480 / 3600), rel=0.03)
    assert last["total_low"] < 1 < last["total_high"]


def test_one_round_without_sentinels_cannot_tell():
    visits, _ = study(0.1, rounds=1, sentinels=0)
    assert drift(visits, 0.95).empty


def test_sentinels_alone_are_enough_to_be_read():
    visits, _ = study(0.1)
    visits.loc[~visits["sentinel"], "disturbed"] = True
    assert "per_hour" in set(drift(visits, 0.95)["term"])


def test_further_rounds_of_noisy_cells_are_no_drift_of_the_machine():
    """Cells that were timed again because their first visits were low: the next ones are not."""
    visits, _ = study(0.0, rounds=5, sentinels=4)
    rng = np.random.default_rng(8)
    visits["p50_s"] *= np.exp(rng.normal(0, 0.05, len(visits)))
    noisy = visits["cell"].isin([f"c{n}" for n in range(14)])  # of 24
    late = visits[(visits["round"] == 5) & ~visits["sentinel"] & noisy]
    further = late.assign(
        round=6, p50_s=late["p50_s"] * 1.5, started=visits["started"].max() + pd.Timedelta("1min")
    )
    found = drift(pd.concat([visits, further], ignore_index=True), 0.95)
    assert set(found["term"]) == set(drift(visits, 0.95)["term"])
    assert found["effect"].to_numpy() == pytest.approx(drift(visits, 0.95)["effect"].to_numpy())
