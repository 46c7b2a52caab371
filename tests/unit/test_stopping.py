"""When a run ends, and which visits count."""

import numpy as np
import pytest

from tfscale.disturbance import disturbance
from tfscale.interval import median_interval
from tfscale.stopping import MOST_VISITS, PASSES_DONE, PRECISE, TIME_CAP, reason_to_stop

RULE = {
    "protocol": "visits", "visits": 3, "max_visits": 8, "precision": 0.05, "coverage": 0.9375,
    "time_cap_s": 120,
}  # fmt: skip
CLEAN = {
    "calibration_before_s": 0.02, "calibration_after_s": 0.0205, "cpu_share": 0.99,
    "steal_share": 0.0, "threads": 1, "device": "CPU",
}  # fmt: skip


def reason(own, earlier=(), made=None, elapsed_s=1.0, **rule):
    return reason_to_stop(own, earlier, made or len(own), elapsed_s, RULE | rule)


def test_close_visits_end_a_run_at_the_fewest():
    assert reason([1.0, 1.01]) is None
    assert reason([1.0, 1.01, 1.02]) == PRECISE


def test_far_visits_go_on_to_the_most():
    far = [1.0, 1.5, 1.0, 1.5, 1.0, 1.5, 1.0, 1.5]
    assert [reason(far[:count]) for count in range(3, 8)] == [None] * 5
    assert reason(far) == MOST_VISITS


def test_earlier_rounds_count_but_every_round_has_its_fewest_visits():
    assert reason([1.0], [1.0] * 8) is None
    assert reason([1.0, 1.0, 1.0], [1.5, 1.0, 1.0]) is None
    assert reason([1.0, 1.0, 1.0], [1.5] + [1.0] * 5) == PRECISE


def test_disturbed_visits_are_made_up_for_three_times():
    far = [1.0, 1.5, 1.0, 1.5, 1.0]
    assert reason(far, made=10) is None
    assert reason(far, made=11) == MOST_VISITS
    assert reason([], made=11) == MOST_VISITS


def test_the_time_cap_ends_a_run_and_precision_is_named_first():
    assert reason([1.0, 1.5], elapsed_s=121) == TIME_CAP
    assert reason([1.0, 1.0, 1.0], elapsed_s=121) == PRECISE


def test_the_papers_protocol_has_its_own_end():
    assert reason([1.0], protocol="paper", visits=2) is None
    assert reason([1.0, 9.0], protocol="paper", visits=2) == PASSES_DONE


@pytest.mark.parametrize(
    ("change", "sign"),
    [
        ({}, ""),
        ({"calibration_after_s": 0.0212}, "calibration 1.06 times the reference"),
        ({"cpu_share": 0.9}, "CPU share 0.90"),
        ({"cpu_share": 0.9, "threads": 2}, ""),
        ({"steal_share": 0.02}, "steal 2.0%"),
        ({"steal_share": None}, ""),
    ],
)
def test_a_disturbed_visit_is_known_by_physical_signs(change, sign):
    assert disturbance(CLEAN | change, 0.02) == sign


def test_the_interval_covers_the_truth_in_spite_of_optional_stopping():
    """Two rounds with the run's own rule on noisy visits: what is claimed must nearly hold."""
    rng = np.random.default_rng(3)
    covered, widths = [], []
    for _ in range(1500):
        pooled: list[float] = []
        for _ in range(2):
            own: list[float] = []
            while not reason(own, pooled):
                own.append(float(rng.lognormal(0, 0.06)))
            pooled += own
        interval = median_interval(pooled, 0.9375)
        covered.append(interval.low <= 1 <= interval.high)
        widths.append(interval.half_width)
    assert np.mean(covered) > 0.92
