"""How near another study would come."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import t

from tfscale.tables.latency import repeat_half_widths


def study(rng, latency_s, rounds=2, processes=3, shared=0.03, own=0.01, drift=()) -> pd.DataFrame:
    """Processes of each cell, that share the state of the machine within a run; `drift` is what all
    cells share of a round."""
    common = dict(enumerate(drift, start=1))
    rows = [
        {
            "number": number,
            "machine": "m",
            "round": walk,
            "latency_s": value * np.exp(common.get(walk, 0) + state + noise),
        }
        for number, value in enumerate(latency_s)
        for walk in range(1, rounds + 1)
        for state in rng.normal(0, shared, 1)
        for noise in rng.normal(0, own, processes)
    ]
    return pd.DataFrame(rows)


def typical(processes: pd.DataFrame) -> pd.Series:
    return processes.groupby("number")["latency_s"].median()


@pytest.mark.parametrize(("rounds", "processes"), [(2, 3), (3, 3), (5, 1), (8, 1)])
def test_another_study_differs_by_no_more_in_19_of_20_cells(rounds, processes):
    rng = np.random.default_rng(1)
    latency_s = np.geomspace(1e-4, 10, 400)
    a, b = (study(rng, latency_s, rounds, processes) for _ in range(2))
    apart = np.log(typical(a) / typical(b)).abs()
    held = (apart <= repeat_half_widths(a, typical(a))).mean()
    assert 0.92 <= held <= 0.98


def test_what_all_cells_share_of_a_round_is_not_averaged_out():
    rng = np.random.default_rng(4)
    latency_s = np.geomspace(1e-4, 10, 100)
    held = []
    for _ in range(60):  # the machine's state lasts longer than a study: a random walk of rounds
        states = np.cumsum(rng.normal(0, 0.02, 10))
        a, b = (study(rng, latency_s, 5, 1, 0.01, 0.0, drift=own) for own in np.split(states, 2))
        apart = np.log(typical(a) / typical(b)).abs()
        held.append((apart <= repeat_half_widths(a, typical(a))).mean())
    assert np.mean(held) > 0.85
    still = study(rng, latency_s, 5, 1, 0.01, 0.0)
    moved = study(rng, latency_s, 5, 1, 0.01, 0.0, drift=states[:5])
    assert repeat_half_widths(moved, typical(moved)).min() > np.median(
        repeat_half_widths(still, typical(still))
    )


def test_noisier_cells_have_wider_ones():
    rng = np.random.default_rng(2)
    latency_s = np.geomspace(1e-4, 10, 200)
    processes = study(rng, latency_s[:100])
    loud = study(rng, latency_s[100:], shared=0.3).assign(number=lambda rows: rows["number"] + 100)
    both = pd.concat([loud, processes], ignore_index=True)
    width = repeat_half_widths(both, typical(both))
    assert np.median(width[100:]) > 5 * np.median(width[:100])


def test_two_values_by_hand():
    processes = pd.DataFrame(
        {"number": 0, "machine": "m", "round": [1, 1, 2], "latency_s": [1.0, 1.0, np.e]}
    )
    (width,) = repeat_half_widths(processes, typical(processes))
    assert width == pytest.approx(t.ppf(0.975, 1) * np.sqrt(2 * 0.5 / 2))


def test_machines_are_kept_apart_and_one_round_says_nothing():
    rng = np.random.default_rng(3)
    one = study(rng, [1.0, 2.0], rounds=1).assign(machine="other", number=lambda r: r["number"] + 2)
    both = pd.concat([study(rng, [1.0, 2.0]), one])
    width = repeat_half_widths(both, typical(both))
    assert np.isfinite(width[:2]).all()
    assert np.isnan(width[2:]).all()
