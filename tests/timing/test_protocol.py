import numpy as np
import pytest

from tfscale.timing.protocol import fewest_for_interval, median_interval


@pytest.mark.parametrize(
    ("count", "rank", "coverage"), [(6, 1, 0.96875), (8, 1, 0.9921875), (9, 2, 0.9609375)]
)
def test_ranks_and_exact_coverage(count, rank, coverage):
    found = median_interval(np.arange(1.0, count + 1), 0.95)
    assert (found.low, found.high) == (rank, count - rank + 1)
    assert found.coverage == pytest.approx(coverage)


def test_too_few_values_claim_no_interval():
    found = median_interval(np.array([3.0, 1.0, 2.0]), 0.95)
    assert (found.low, found.high) == (1, 3)
    assert np.isnan(found.coverage)


@pytest.mark.parametrize("confidence", [0.75, 0.9, 0.9375, 0.95, 0.96875, 0.99])
def test_the_fewest_values_for_an_interval_claim_one_and_no_fewer_do(confidence):
    fewest = fewest_for_interval(confidence)
    assert median_interval(range(1, fewest + 1), confidence).claimed
    assert not median_interval(range(1, fewest), confidence).claimed


def test_simulated_coverage_is_at_least_the_stated_one():
    rng = np.random.default_rng(1)
    samples = rng.lognormal(size=(4000, 9))
    found = [median_interval(row, 0.95) for row in samples]
    covered = np.mean([interval.low <= 1 <= interval.high for interval in found])
    assert covered == pytest.approx(found[0].coverage, abs=0.012)
