"""The meter on calls of known duration."""

import gc
import subprocess
import sys
from time import perf_counter_ns, sleep

import numpy as np
import pytest
from paths import ROOT

from tfscale.errors import StudyError
from tfscale.jobs.processes import run_executed
from tfscale.timing import block as block
from tfscale.timing.block import timed_block, warm_up
from tfscale.timing.protocol import calls_per_pass, calls_wanted

MS = 1_000_000


def spin(duration_ns: int):
    def call(index: int) -> None:
        end = perf_counter_ns() + duration_ns
        while perf_counter_ns() < end:
            pass

    return call


def test_a_spin_of_known_time_is_measured():
    durations = timed_block(spin(2 * MS), 2 * MS, 0.05, 10)
    assert len(durations) >= 10
    assert durations.min() >= 2 * MS
    assert np.quantile(durations, 0.05) < 1.05 * 2 * MS


def test_the_block_ends_with_enough_calls_and_time():
    assert len(timed_block(spin(MS), MS, 0.0, 7)) == 7
    assert timed_block(spin(MS), MS, 0.1, 1).sum() >= 0.1e9
    assert gc.isenabled()


@pytest.mark.parametrize(
    ("call_ns", "calls"), [(MS, 10), (29 * MS, 10), (50 * MS, 1), (400 * MS, 1)]
)
def test_slow_calls_are_timed_less_often(call_ns, calls):
    assert calls_wanted(call_ns, 10) == calls


def test_warm_up_waits_until_times_settle(monkeypatch):
    now_ns = 0

    def call(index: int) -> None:
        nonlocal now_ns
        now_ns += 8_000_000 if index < 15 else 4_000_000

    monkeypatch.setattr(block, "perf_counter_ns", lambda: now_ns)
    durations, settled = warm_up(call)
    assert settled
    assert len(durations) > 25


def test_a_slow_call_warms_up_once():
    durations, settled = warm_up(lambda index: sleep(0.05))
    assert len(durations) == 1
    assert settled is None


def test_a_pass_predicts_every_input():
    assert [calls_per_pass(2000, size) for size in (1, 4, 16, 64)] == [2000, 500, 125, 32]


def forked(task: str, limit_s: float = 30) -> str:
    """What a parent that has only imported TensorFlow says of a forked task."""
    done = subprocess.run(
        [sys.executable, str(ROOT / "tests/support/forking.py"), task, str(limit_s)],
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    return done.stdout


def test_forked_answers_come_from_another_process():
    assert forked("answer") == "42 from another process\n"


def test_a_failing_visit_says_why():
    assert "ValueError: no such signature" in forked("fail")


def test_a_killed_visit_names_the_signal():
    assert "SIGKILL" in forked("die")


def test_a_hanging_visit_is_ended():
    assert "longer than 0.2 s (timing.time_limit_s)" in forked("hang", 0.2)


def test_a_parent_that_ran_an_operation_must_not_fork():
    assert "cannot fork safely: set timing.isolation to exec" in forked("after_operation")


def test_an_executed_visit_that_fails_names_its_status():
    with pytest.raises(StudyError, match="status 1"):
        run_executed("tfscale.no_such_module", {}, 30)
