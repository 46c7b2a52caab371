"""When a first call stands for the warm-up, and what is seen of the machine round the block."""

from statistics import median
from time import sleep

import pytest

from tfscale.timing import block as of_visit
from tfscale.timing import calm
from tfscale.timing.block import Phases, headline
from tfscale.timing.calls import Calls
from tfscale.timing.calm import Quiet, copy_time

REQUEST = {
    "axes": {"batch_size": 1}, "protocol": {"protocol": "visits", "min_calls": 10,
    "min_time_s": 0.02},
}  # fmt: skip
MS = 1_000_000


def of_calls(call_s: float, first_ns: int):
    calls = Calls(lambda index: sleep(call_s), None, None)
    phases = Phases()
    warm, block = headline(calls, first_ns, REQUEST, Quiet(None, 0.0, 1), phases)
    return warm, block, phases.peaks


def test_a_slow_first_call_is_the_warm_up(monkeypatch):
    monkeypatch.setattr(of_visit, "VERY_SLOW_NS", 40 * MS)
    warm, block, peaks = of_calls(0.05, 60 * MS)
    assert warm == []
    assert min(block.timed) >= 50 * MS
    assert block.facts["settled"] is None
    assert "memory_warmup_bytes" not in peaks


def test_a_quick_call_after_a_slow_first_one_is_warmed_up_and_timed_as_any():
    """Tracing or compiling took the time: one cold call alone would be the block."""
    warm, block, peaks = of_calls(0.001, 2000 * MS)
    assert len(warm) >= 10
    assert len(block.timed) >= 10
    assert {"memory_warmup_bytes", "memory_timed_bytes"} <= set(peaks)


def test_a_call_that_was_slow_by_chance_is_no_slow_call():
    """An interruption of the one call of warm-up: the others are quick, and warm up as such."""
    made = []

    def call(index: int) -> None:
        sleep(0.001 if made else 0.05)
        made.append(index)

    warm, block = headline(Calls(call, None, None), 2 * MS, REQUEST, Quiet(None, 0.0, 1), Phases())
    assert warm[0] >= 50 * MS > 10 * median(warm[-10:])
    assert block.facts["settled"] is not None
    assert len(block.timed) >= 10
    kept = [*warm, *block.timed, *block.rewarmed, *block.left_out]
    assert len(kept) == len(made), "no call is lost, those of the first block are warm-up"


def test_the_machine_is_looked_at_round_the_block():
    for call_s, first_ns in ((0.001, 2 * MS), (0.06, 70 * MS)):
        facts = of_calls(call_s, first_ns)[1].facts
        for name in ("calibration", "memory_copy"):
            assert facts[f"{name}_before_s"] > 0
            assert facts[f"{name}_after_s"] > 0
        assert len(facts["calibrations_s"]) == 2 * facts["slices"]


def test_copying_more_takes_longer(monkeypatch):
    times_s = {4: [], 80: []}
    for copies in [4, 80] * 5:
        monkeypatch.setattr("tfscale.timing.calm.COPIES", copies)
        times_s[copies].append(copy_time())
    assert median(times_s[80]) > 4 * median(times_s[4])


def block(monkeypatch, taken_s: list[float], protocol="visits", call_s=0.001, **settings):
    """The block of a visit whose calibrations take `taken_s`, one after the other, against 0.02; it
    has no patience."""
    left = list(taken_s)
    monkeypatch.setattr(calm, "calibrate", lambda: left.pop(0) if len(left) > 1 else left[0])
    request = REQUEST | {"inputs": 4}
    request["protocol"] = REQUEST["protocol"] | {"protocol": protocol, "passes": 2} | settings
    calls = Calls(lambda index: sleep(call_s), None, None)
    return headline(calls, MS, request, Quiet(0.02, 0.0, 1), Phases())[1]


def test_a_slice_beside_a_neighbour_is_left_out_and_timed_again(monkeypatch):
    """Two slices are wanted; the second of four ended slow, so the third began slow."""
    made = block(monkeypatch, [0.02, 0.02, 0.03, 0.0201, 0.0203], min_time_s=0.1)
    assert (made.facts["slices"], made.facts["slices_left_out"]) == (4, 2)
    assert made.facts["calibrations_s"] == [0.02, 0.02, 0.02, 0.03, 0.03, 0.0201, 0.0201, 0.0203]
    assert made.facts["calibration_before_s"] == pytest.approx(0.02005)
    assert made.facts["calibration_after_s"] == pytest.approx(0.02015)
    assert 0.1 <= made.timed.sum() / 1e9 < 0.15
    assert 0.1 <= sum(made.left_out) / 1e9 < 0.15
    assert sum(made.rewarmed) >= 4 * 10 * MS, "a call after the kernel finds cold caches"


def test_a_visit_that_finds_no_calm_counts_all_its_slices_and_is_seen_as_disturbed(monkeypatch):
    made = block(monkeypatch, [0.03], min_time_s=0.1)
    assert (made.facts["slices"], made.facts["slices_left_out"]) == (8, 0)
    assert made.left_out == []
    assert made.facts["calibration_after_s"] == 0.03


def test_the_papers_passes_are_one_stretch(monkeypatch):
    made = block(monkeypatch, [0.03], protocol="paper")
    assert (made.facts["slices"], len(made.timed), made.rewarmed) == (1, 8, [])
