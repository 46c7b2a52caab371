"""When a run ends, and which visits count."""

import numpy as np
import pytest

from tfscale.timing.protocol import (
    CAP_BEFORE,
    MOST_VISITS,
    PASSES_DONE,
    PRECISE,
    PRECISE_BEFORE,
    ROUND_DONE,
    TIME_CAP,
    SoFar,
    disturbance,
    fewest_visits,
    median_interval,
    nothing_to_do,
    reason_to_stop,
)

RULE = {
    "protocol": "visits", "visits": 3, "max_visits": 8, "precision": 0.05, "coverage": 0.9375,
    "time_cap_s": 120,
}  # fmt: skip
CLEAN = {
    "calibration_before_s": 0.02, "calibration_after_s": 0.0205, "cpu_share": 0.99,
    "steal_share": 0.0, "threads": 1, "device": "CPU",
}  # fmt: skip


def reason(own, earlier=(), made=None, elapsed_s=1.0, fewest=3, **rule):
    return reason_to_stop(
        own, SoFar(list(earlier)), made or len(own), elapsed_s, fewest, RULE | rule
    )


def test_close_visits_end_a_run_at_the_fewest():
    assert reason([1.0, 1.01]) is None
    assert reason([1.0, 1.01, 1.02]) == ROUND_DONE
    assert reason([1.0, 1.01, 1.02], [1.0, 1.0]) == PRECISE


def test_far_visits_go_on_to_the_most():
    far = [1.0, 1.5, 1.0, 1.5, 1.0, 1.5, 1.0, 1.5]
    earlier = [1.0, 1.5, 1.0, 1.5]
    assert [reason(far[:count], earlier) for count in range(3, 8)] == [None] * 5
    assert reason(far, earlier) == MOST_VISITS


def test_earlier_rounds_count_but_every_round_has_its_fewest_visits():
    assert reason([1.0], [1.0] * 8) is None
    assert reason([1.0, 1.0, 1.0], [1.5, 1.0, 1.0]) is None
    assert reason([1.0, 1.0, 1.0], [1.5] + [1.0] * 5) == PRECISE


@pytest.mark.parametrize(
    ("number", "earlier", "rule", "fewest"),
    [
        (1, 0, {}, 3),
        (2, 3, {}, 3),
        (2, 1, {}, 5),
        (2, 0, {}, 6),
        (3, 0, {}, 8),
        (2, 11, {}, 3),
        (5, 4, {"visits": 1, "max_visits": 3}, 1),
        (5, 3, {"visits": 1, "max_visits": 3}, 2),
        (5, 0, {"visits": 1, "max_visits": 3}, 3),
        (4, 0, {"visits": 1, "max_visits": 1}, 1),
        (2, 0, {"protocol": "paper", "visits": 1}, 1),
    ],
)
def test_a_later_round_makes_up_for_what_earlier_ones_lost(number, earlier, rule, fewest):
    assert fewest_visits(number, earlier, RULE | rule) == fewest


def test_five_rounds_of_a_visit_can_claim_an_interval_though_visits_were_lost():
    rule = RULE | {"visits": 1, "max_visits": 3}
    kept: list[float] = []
    for number, lost in enumerate([0, 1, 1, 0, 0], start=1):
        fewest, own, made = fewest_visits(number, len(kept), rule), [], 0
        while not made or not reason_to_stop(own, SoFar(kept), made, 1.0, fewest, rule):
            made += 1
            own += [1.0] if made > 2 * lost else []
        kept += own
    assert len(kept) == 5
    assert median_interval(kept, rule["coverage"]).claimed


def test_disturbed_visits_are_made_up_for_three_times():
    far = [1.0, 1.5, 1.0]
    assert reason(far, made=10) is None
    assert reason(far, made=11) == MOST_VISITS
    assert reason([], made=11) == MOST_VISITS


def test_a_run_that_owes_one_visit_makes_up_for_one():
    assert reason([], made=1, fewest=1, elapsed_s=121) is None
    assert reason([], made=2, fewest=1, elapsed_s=121) == TIME_CAP
    assert reason([], made=2, fewest=1, max_visits=1) == MOST_VISITS


def test_the_time_cap_ends_a_run_and_precision_is_named_first():
    assert reason([1.0, 1.5, 1.0], elapsed_s=119) is None
    assert reason([1.0, 1.5, 1.0], elapsed_s=120) == TIME_CAP
    assert reason([1.0, 1.0, 1.0], [1.0, 1.0], elapsed_s=121) == PRECISE
    assert reason([1.0, 1.0, 1.0], elapsed_s=121) == ROUND_DONE


def test_the_time_cap_waits_for_the_fewest_visits_but_not_for_ever():
    assert reason([1.0, 1.5], made=5, elapsed_s=121) is None
    assert reason([1.0, 1.5], made=6, elapsed_s=121) == TIME_CAP
    assert reason([], made=6, elapsed_s=121) == TIME_CAP


def test_the_papers_protocol_has_its_own_end():
    assert reason([1.0], protocol="paper", fewest=2) is None
    assert reason([1.0, 9.0], protocol="paper", fewest=2) == PASSES_DONE


@pytest.mark.parametrize(
    ("change", "sign"),
    [
        ({}, ""),
        ({"calibration_after_s": 0.0242}, "calibration 1.21 times the reference"),
        ({"calibration_before_s": 0.0239}, ""),
        ({"cpu_share": 0.9}, "CPU share 0.90"),
        ({"cpu_share": 0.9, "threads": 2}, ""),
        ({"steal_share": 0.02}, "steal 2.0 %"),
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
        for number in (1, 2):
            fewest, own = fewest_visits(number, len(pooled), RULE), list[float]()
            while not reason(own, pooled, fewest=fewest):
                own.append(float(rng.lognormal(0, 0.06)))
            pooled += own
        interval = median_interval(pooled, 0.9375)
        covered.append(interval.low <= 1 <= interval.high)
        widths.append(interval.half_width)
    assert np.mean(covered) > 0.92


def test_a_round_is_done_when_no_further_visit_could_narrow_the_interval():
    """From 5 to 8 visits the interval is their range; from 9 on its ends are dropped."""
    few = {"fewest": 1, "max_visits": 2}
    assert reason([1.5], [1.0] * 4, **few) == ROUND_DONE
    assert reason([1.5], [1.0] * 6, **few) == ROUND_DONE
    assert reason([1.5], [1.0] * 7, **few) is None
    assert reason([1.5, 1.0], [1.0] * 7, **few) == PRECISE
    assert reason([1.5], [1.0] * 3, **few) is None, "the fifth visit makes it an interval"


def test_a_further_round_has_nothing_to_do_where_earlier_ones_were_precise():
    further = RULE | {"further": True}
    assert nothing_to_do(SoFar([1.0, 1.01, 1.02, 1.03, 1.04]), further) == PRECISE_BEFORE
    assert not nothing_to_do(SoFar([1.0, 1.01, 1.02, 1.03, 1.2]), further)
    assert not nothing_to_do(SoFar([1.0] * 4), further), "a range is no interval"
    assert not nothing_to_do(SoFar(), further)
    assert not nothing_to_do(SoFar([1.0] * 9), RULE), "complete rounds time every cell"


def test_further_rounds_leave_a_cell_whose_visits_have_taken_its_cap():
    far, further = [1.0, 1.01, 1.02, 1.03, 1.2], RULE | {"further": True, "cell_cap_s": 60}
    assert not nothing_to_do(SoFar(far, 59.0), further)
    assert nothing_to_do(SoFar(far, 60.0), further) == CAP_BEFORE
    assert nothing_to_do(SoFar([], 60.0), further) == CAP_BEFORE, "disturbed visits took it, too"
    assert nothing_to_do(SoFar([1.0] * 5, 60.0), further) == PRECISE_BEFORE, "the better reason"
    assert not nothing_to_do(SoFar(far, 1e9), further | {"cell_cap_s": None})
    assert not nothing_to_do(SoFar(far, 1e9), RULE | {"cell_cap_s": 60}), "complete rounds go on"


def test_rounds_of_one_visit_go_on_until_the_cell_is_precise():
    """The first spread of five visits is too wide; with nine the ends are dropped."""
    rule = RULE | {"visits": 1, "max_visits": 1}
    visits, kept = iter([1.0, 1.01, 1.2, 0.99, 1.02, 1.0, 1.01, 1.02, 1.01, 9.0]), list[float]()
    for number in range(1, 13):
        if nothing_to_do(SoFar(kept), rule | {"further": number > 5}):
            continue
        kept.append(next(visits))
        assert reason_to_stop(kept[-1:], SoFar(kept[:-1]), 1, 1.0, 1, rule)
    assert len(kept) == 9
