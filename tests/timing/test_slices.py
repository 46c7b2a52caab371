"""How the timed block is cut into slices."""

import numpy as np
import pytest

from tfscale.timing import calm
from tfscale.timing.block import NS, Plan, plan_slices, time_slices
from tfscale.timing.calm import Quiet


@pytest.mark.parametrize(
    ("call_s", "wanted", "most", "calls"),
    [
        (0.0003, 4, 16, 3),
        (0.02, 4, 16, 3),
        (0.04, 4, 8, 1),
        (0.09, 3, 6, 1),
        (0.2, 2, 4, 1),
        (0.5, 1, 2, 1),
        (1.5, 1, 2, 1),
    ],
)
def test_slow_calls_have_fewer_slices_of_one_call(call_s, wanted, most, calls):
    plan = plan_slices(call_s * NS, 10, 0.25)
    assert (plan.wanted, plan.most, plan.calls) == (wanted, most, calls)


@pytest.mark.parametrize("call_s", [0.0003, 0.003, 0.02, 0.029])
@pytest.mark.parametrize(
    ("min_calls", "min_time_s"), [(10, 0.25), (100, 0.25), (7, 0.01), (3, 1.9)]
)
def test_all_slices_together_are_the_block_that_was_asked_for(call_s, min_calls, min_time_s):
    plan = plan_slices(call_s * NS, min_calls, min_time_s)
    assert plan.wanted * plan.calls >= min_calls
    assert plan.wanted * max(plan.shortest_s, plan.calls * call_s) >= min_time_s - 1e-9


def test_a_long_block_is_not_made_many_times_over():
    assert plan_slices(0.001 * NS, 10, 2.0).most == 32 + 15


def test_slices_go_on_through_the_batches_and_few_slow_calls_warm_up_again(monkeypatch):
    monkeypatch.setattr(calm, "calibrate", lambda: 0.02)
    seen: list[int] = []
    slices = time_slices(seen.append, 0.5 * NS, Plan(3, 6, 1, 0.0), Quiet(0.02, 0.0, 1))
    assert seen == [0, 1, 2]
    assert all(each.rewarmed == [] for each in slices)
    assert np.concatenate([each.timed for each in slices]).shape == (3,)
