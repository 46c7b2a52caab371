"""What jobs ask a cluster for."""

import pytest

from tfscale.console.estimate import MAKING_MB, RUN_MB, START_MIN, Needs
from tfscale.study.study import Study


@pytest.fixture
def needs(config) -> Needs:
    return Needs(Study.from_config(config))


def test_a_job_asks_for_what_it_was_seen_to_need_and_more(needs):
    """A process of the largest cell was measured to take 629 MB, its job 620 MB."""
    assert 629 + 620 < needs.run_mb(1) == RUN_MB < 3 * (629 + 620)
    assert needs.training_mb(1) == MAKING_MB


def test_more_work_asks_for_more_time(needs):
    light, heavy = "mnist_layers4_batch64_conv3_input28", "text_layers10_batch64_conv8_input56"
    assert {light, heavy} <= set(needs.study.trained)
    assert START_MIN < needs.training_min(light, 1) < needs.training_min(heavy, 1)
    cells = (
        "mnist_layers4_batch1_conv3_input28_threads1",
        "text_layers10_batch64_conv8_input56_threads1",
    )
    assert START_MIN < needs.run_min(cells[0], 1) <= needs.run_min(cells[1], 1)


def test_each_attempt_asks_for_twice_as_much(needs):
    cell, trained = next(iter(needs.study.cells)), next(iter(needs.study.trained))
    for ask in (
        needs.training_mb,
        lambda attempt: needs.training_min(trained, attempt),
        needs.run_mb,
        lambda attempt: needs.run_min(cell, attempt),
        needs.floor_min,
    ):
        assert [ask(2), ask(3)] == [2 * ask(1), 4 * ask(1)]
        assert isinstance(ask(1), int)
