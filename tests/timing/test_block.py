"""The meter on calls of known duration."""

import gc
from statistics import median
from time import perf_counter_ns

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


class Clock:
    """A clock that goes on when a call is made, and only then."""

    def __init__(self):
        self.now_ns = 0

    def of(self, *durations_ns: int):
        """Calls of these durations, the last one for all that follow."""

        def call(index: int) -> None:
            self.now_ns += left.pop(0) if len(left) > 1 else left[0]

        left = list(durations_ns)
        return call


@pytest.fixture
def clock(monkeypatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(block, "perf_counter_ns", lambda: made.now_ns)
    monkeypatch.setattr(block, "process_time_ns", lambda: made.now_ns // 2)
    monkeypatch.setattr(block, "calibrate", lambda: 0.02)
    monkeypatch.setattr(block.gc, "collect", lambda: 0)
    return made


def test_a_call_of_known_time_is_measured(clock):
    durations = timed_block(clock.of(3 * MS, 2 * MS), 2 * MS, 0.05, 10)
    assert durations.tolist() == [3 * MS, *[2 * MS] * 24]
    assert undisturbed_ns(durations) == 2 * MS


def test_a_real_call_takes_the_time_that_it_takes():
    def spin(index: int) -> None:
        end = perf_counter_ns() + 2 * MS
        while perf_counter_ns() < end:
            pass

    assert timed_block(spin, 2 * MS, 0.05, 10).min() >= 2 * MS


def test_the_block_ends_with_enough_calls_and_time(clock):
    assert len(timed_block(clock.of(MS), MS, 0.0, 7)) == 7
    assert len(timed_block(clock.of(MS), MS, 0.1, 1)) == 100
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


def test_warm_up_waits_until_times_settle(clock):
    durations, settled = warm_up(clock.of(*[8 * MS] * 15, 4 * MS))
    assert settled
    assert len(durations) > 25


def test_a_slow_call_warms_up_once(clock):
    durations, settled = warm_up(clock.of(50 * MS))
    assert len(durations) == 1
    assert settled is None


def test_a_side_block_is_short_and_missing_for_slow_calls(clock):
    assert len(side_block(clock.of(MS), MS)) == 10
    assert side_block(clock.of(MS), 31 * MS) == side_block(None, MS) == []


def timed(call, protocol=SHORT):
    """The block of these calls, and the peaks of memory."""
    phases, made = Phases(), []

    def counted(index: int) -> None:
        made.append(index)
        call(index)

    found = time_calls(counted, Length(protocol, batch_size=1, inputs=4), phases)
    assert 1 + len(found.warmup) + len(found.timed) == len(made), "no call is lost"
    return found, phases.peaks


def test_a_slow_first_call_is_the_warm_up(clock):
    found, peaks = timed(clock.of(900 * MS, 700 * MS))
    assert (found.warmup, found.settled, found.first) == ([], None, 900 * MS)
    assert found.timed.tolist() == [700 * MS] * 3
    assert "memory_warmup_bytes" not in peaks


def test_a_quick_call_after_a_slow_first_one_is_warmed_up_and_timed_as_any(clock):
    """Tracing or compiling took the time: the calls after it are the warm-up."""
    found, peaks = timed(clock.of(900 * MS, MS))
    assert len(found.warmup) >= 10 and len(found.timed) >= 10
    assert median(found.timed) == MS and found.first == 900 * MS
    assert {"memory_warmup_bytes", "memory_timed_bytes"} <= set(peaks)


def test_the_machine_is_looked_at_round_the_block(clock, monkeypatch):
    left = [0.02, 0.03]
    monkeypatch.setattr(block, "calibrate", lambda: left.pop(0))
    found, _ = timed(clock.of(MS))
    assert (found.calibration_before_s, found.calibration_after_s) == (0.02, 0.03)
    assert found.cpu_share == pytest.approx(0.5, abs=0.01)


def test_the_papers_protocol_makes_its_passes_in_one_stretch(clock):
    for calls in (clock.of(MS), clock.of(900 * MS, MS)):  # also after one that compiled
        found, _ = timed(calls, SHORT | {"protocol": "paper", "passes": 2})
        assert len(found.timed) == 8 and 10 <= len(found.warmup) <= 101
