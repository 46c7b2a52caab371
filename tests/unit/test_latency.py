"""The columns of a cell from its visits."""

import numpy as np
import pandas as pd
import pytest

from tfscale.latency import MEMORY, SIDES, latency, upper_bound


def visits(medians_s, disturbed=(), calls=20):
    rng = np.random.default_rng(0)
    rows = [
        {
            "p50_s": median, "p05_s": median * 0.9, "batch_size": 4, "round": 1 + n % 2,
            "disturbed": n in disturbed, "settled": True, "visit_s": 1.0,
            "stop_reason": f"reason {1 + n % 2}",
            "timed_ns": (rng.lognormal(0, 0.1, calls) * median * 1e9).astype(int),
        }
        | dict.fromkeys([*SIDES, *MEMORY], 1.0)
        for n, median in enumerate(medians_s)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def test_disturbed_visits_are_left_out_and_counted():
    found = latency(visits([1, 2, 3, 4, 5, 90], disturbed=[5]), 0.9375)
    assert (found["latency_s"], found["latency_low_s"], found["latency_high_s"]) == (3, 1, 5)
    assert (found["visits"], found["clean_visits"], found["calls"]) == (6, 5, 100)
    assert found["coverage"] == 0.9375
    assert found["stop_reason"] == "reason 2"


def test_only_disturbed_visits_are_used_and_said():
    found = latency(visits([1, 2, 3], disturbed=[0, 1, 2]), 0.9375)
    assert (found["latency_s"], found["clean_visits"]) == (2, 0)
    assert np.isnan(found["coverage"])


def test_throughput_is_examples_over_timed_seconds():
    table = visits([1e-3, 2e-3])
    total_s = sum(durations.sum() for durations in table["timed_ns"]) / 1e9
    assert latency(table, 0.9375)["throughput_per_s"] == pytest.approx(4 * 40 / total_s)


@pytest.mark.parametrize(("level", "fewest"), [(0.9, 64), (0.99, 662)])
def test_the_bound_of_a_tail_needs_enough_calls(level, fewest):
    values = np.arange(1.0, fewest + 1)
    assert np.isnan(upper_bound(values[:-1], level))
    assert upper_bound(values, level) == fewest - 1


def test_the_bound_holds_for_independent_calls():
    rng = np.random.default_rng(1)
    samples = np.sort(rng.exponential(size=(2000, 200)), axis=1)
    above = [upper_bound(sample, 0.9) >= np.log(10) for sample in samples]
    assert np.mean(above) >= 0.985
