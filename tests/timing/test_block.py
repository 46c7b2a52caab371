"""The meter on calls of known duration."""

import gc
from statistics import median
from time import perf_counter_ns, sleep

import numpy as np
import pytest

from tfscale.jobs.limits import Phases
from tfscale.timing import block
from tfscale.timing.block import (
    Length,
    side_block,
    time_calls,
    timed_block,
    undisturbed_ns,
    warm_up,
)

MS = 1_000_000
SHORT = {"protocol": "short", "min_calls": 10, "min_time_s": 0.02}


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
    assert undisturbed_ns(durations) < 1.05 * 2 * MS


def test_the_block_ends_with_enough_calls_and_time():
    assert len(timed_block(spin(MS), MS, 0.0, 7)) == 7
    assert timed_block(spin(MS), MS, 0.1, 1).sum() >= 0.1e9
    assert gc.isenabled()


@pytest.mark.parametrize("call_ns", [20_000, MS // 2, 3 * MS, 50 * MS])
def test_what_a_neighbour_adds_changes_the_typical_call_and_not_the_undisturbed_one(call_ns):
    """Injected: noise in waves that makes two thirds of the calls up to twice as long."""
    random = np.random.default_rng(3)
    quiet = call_ns * (1 + 0.01 * random.random(3000 if call_ns < MS else 30))
    wave = np.resize(np.repeat([0.3, 1.0, 0.0], max(5 * MS // call_ns, 1)), len(quiet))
    noisy = quiet * (1 + wave * random.uniform(0.5, 1, len(quiet)))
    assert np.median(noisy) > 1.15 * np.median(quiet)
    assert undisturbed_ns(noisy) == pytest.approx(undisturbed_ns(quiet), rel=0.01)


def test_one_call_that_is_too_quick_by_chance_is_no_block():
    durations = np.full(5000, 10_000)
    durations[7] = 1000
    assert undisturbed_ns(durations) == pytest.approx(10_000, rel=0.01)


def test_a_few_calls_of_which_one_was_interrupted_are_no_slower_than_the_median():
    assert undisturbed_ns(np.array([200_000] * 9 + [6 * MS])) == 200_000


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


def test_a_side_block_is_short_and_missing_for_slow_calls():
    assert len(side_block(spin(MS), MS)) == 10
    assert side_block(spin(MS), 31 * MS) == side_block(None, MS) == []


def timed(call_s: float, first_s: float, protocol=SHORT):
    """The block of calls of which the first one takes longer."""
    phases, made = Phases(), []

    def call(index: int) -> None:
        sleep(call_s if made else first_s)
        made.append(index)

    found = time_calls(call, Length(protocol, batch_size=1, inputs=4), phases)
    assert 1 + len(found.warmup) + len(found.timed) == len(made), "no call is lost"
    return found, phases.peaks


def test_a_slow_first_call_is_the_warm_up(monkeypatch):
    monkeypatch.setattr(block, "VERY_SLOW_NS", 40 * MS)
    found, peaks = timed(0.05, 0.06)
    assert (found.warmup, found.settled, len(found.timed)) == ([], None, 5)
    assert found.timed.min() >= 50 * MS
    assert "memory_warmup_bytes" not in peaks


def test_a_quick_call_after_a_slow_first_one_is_warmed_up_and_timed_as_any(monkeypatch):
    """Tracing or compiling took the time: the calls after it are the warm-up."""
    monkeypatch.setattr(block, "VERY_SLOW_NS", 40 * MS)
    found, peaks = timed(0.001, 0.06)
    assert len(found.warmup) >= 10 and len(found.timed) >= 10
    assert median(found.timed) < 10 * MS < found.first
    assert {"memory_warmup_bytes", "memory_timed_bytes"} <= set(peaks)


def test_the_machine_is_looked_at_round_the_block(monkeypatch):
    left = [0.02, 0.03]
    monkeypatch.setattr(block, "calibrate", lambda: left.pop(0))
    found, _ = timed(0.001, 0.001)
    assert (found.calibration_before_s, found.calibration_after_s) == (0.02, 0.03)
    assert 0 <= found.cpu_share < 0.9, "it slept"


def test_the_papers_protocol_makes_its_passes_in_one_stretch():
    found, _ = timed(0.001, 0.001, SHORT | {"protocol": "paper", "passes": 2})
    assert len(found.timed) == 8
