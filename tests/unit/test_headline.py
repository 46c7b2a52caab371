"""When a first call stands for the warm-up, and what is seen of the machine round the block."""

from statistics import median
from time import sleep

from tfscale import headline as of_visit
from tfscale.calls import Calls
from tfscale.headline import headline
from tfscale.memory_speed import copy_time
from tfscale.phases import Phases

REQUEST = {
    "axes": {"batch_size": 1}, "protocol": {"protocol": "visits", "min_calls": 10,
    "min_time_s": 0.02},
}  # fmt: skip
SEEN = {"calibration_before_s": 0.5, "waited_s": 0.0}
MS = 1_000_000


def of_calls(call_s: float, first_ns: int):
    calls = Calls(lambda index: sleep(call_s), None, None)
    phases = Phases()
    warm, block = headline(calls, first_ns, REQUEST, SEEN, phases)
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


def test_the_machine_is_looked_at_again_right_before_slow_calls_only():
    quick, slow = of_calls(0.001, 2 * MS)[1].facts, of_calls(0.04, 50 * MS)[1].facts
    assert quick["calibration_before_s"] == SEEN["calibration_before_s"]
    assert slow["calibration_before_s"] != SEEN["calibration_before_s"]
    for facts in (quick, slow):
        assert facts["calibration_after_s"] > 0
        assert facts["memory_copy_before_s"] > 0
        assert facts["memory_copy_after_s"] > 0


def test_copying_more_takes_longer(monkeypatch):
    times_s = {4: [], 80: []}
    for copies in [4, 80] * 5:
        monkeypatch.setattr("tfscale.memory_speed.COPIES", copies)
        times_s[copies].append(copy_time())
    assert median(times_s[80]) > 4 * median(times_s[4])


def timed_again(monkeypatch, after_s: list[float], protocol="visits", call_s=0.001):
    """The block of a visit whose calibrations take `after_s`, one after the other, against 0.02."""
    left = list(after_s)
    monkeypatch.setattr(of_visit, "calibrate", lambda: left.pop(0))
    monkeypatch.setattr(of_visit, "calibrate_when_quiet", lambda reference_s, patience_s: (0.02, 1))
    request = REQUEST | {"reference_s": 0.02, "patience_s": 5, "inputs": 4}
    request["protocol"] = REQUEST["protocol"] | {"protocol": protocol, "passes": 2}
    calls = Calls(lambda index: sleep(call_s), None, None)
    seen = {"calibration_before_s": 0.02, "waited_s": 0.0}
    _, block = headline(calls, MS, request, seen, Phases())
    return block


def test_a_block_that_ends_beside_a_neighbour_is_timed_again(monkeypatch):
    block = timed_again(monkeypatch, [0.03, 0.0215])
    assert block.facts["retimed"] == 1
    assert block.facts["calibration_after_s"] == 0.0215
    assert block.facts["waited_s"] == 1
    assert len(block.abandoned) >= 10 and len(block.timed) >= 10
    quiet = timed_again(monkeypatch, [0.0215])
    assert quiet.facts["retimed"] == 0 and quiet.abandoned == []


def test_it_is_timed_again_twice_at_most_and_never_by_the_papers_protocol(monkeypatch):
    block = timed_again(monkeypatch, [0.03, 0.03, 0.04])
    assert block.facts["retimed"] == 2
    assert block.facts["calibration_after_s"] == 0.04
    assert timed_again(monkeypatch, [0.03], protocol="paper").facts["retimed"] == 0


def test_calls_of_over_a_second_are_timed_again_once(monkeypatch):
    monkeypatch.setattr(of_visit, "VERY_SLOW_NS", 4 * MS)
    monkeypatch.setattr(of_visit, "SLOW_NS", 3 * MS)
    block = timed_again(monkeypatch, [0.03, 0.03], call_s=0.005)
    assert block.facts["retimed"] == 1
