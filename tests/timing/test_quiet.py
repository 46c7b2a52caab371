"""When a calibration counts as calm, and how long a visit waits for one."""

import os
from threading import Event, Thread

import pytest

from tfscale.timing import calm
from tfscale.timing.calm import TASKS, Quiet, pin_to


@pytest.fixture
def calibrations(monkeypatch):
    """Plays the given calibrations, the last one for ever."""

    def play(*taken_s):
        left = list(taken_s)
        monkeypatch.setattr(calm, "calibrate", lambda: left.pop(0) if len(left) > 1 else left[0])
        monkeypatch.setattr(calm, "PAUSE_S", 0.001)

    return play


def looked(*taken_s: float, reference_s: float | None = 0.02) -> Quiet:
    seen = Quiet(reference_s, 0.0, 1)
    seen.calibrations_s = list(taken_s)
    return seen


def test_calm_is_judged_by_the_machine_and_by_the_visit_itself():
    assert not looked(0.0241).calm(), "over 1.2 times the machine's"
    assert looked(0.0239).calm()
    assert not looked(0.0195, 0.0196, 0.0229).calm(), "this visit has seen calmer ones"
    assert looked(0.0195, 0.0196, 0.0203).calm()
    assert looked(0.5, reference_s=None).calm(), "nobody knows what is calm"
    assert not looked(0.5, 0.6, reference_s=None).calm()


def test_a_visit_waits_until_the_machine_is_calm(calibrations):
    calibrations(0.03, 0.0245, 0.0209)
    seen = Quiet(0.02, 5, 1)
    seen.look()
    assert seen.wait() == 0.0209
    assert 0 < seen.waited_s < 5
    assert seen.calibrations_s == [0.03, 0.0245, 0.0209]


def test_a_visit_on_a_calm_machine_does_not_wait(calibrations):
    calibrations(0.0205)
    seen = Quiet(0.02, 5, 1)
    seen.look()
    assert (seen.wait(), seen.waited_s) == (0.0205, 0.0)


def test_patience_has_an_end_for_all_waits_together(calibrations):
    calibrations(0.03)
    seen = Quiet(0.02, 0.01, 1)
    seen.look()
    assert seen.wait() == 0.03
    assert 0.01 <= seen.waited_s < 1
    waited_s = seen.waited_s
    assert (seen.wait(), seen.waited_s) == (0.03, waited_s)


@pytest.fixture
def two_cpus(monkeypatch):
    """A machine of two CPUs where calibrations take what is told for each; notes where it went."""
    went: list[list[int]] = []

    def play(taken_s: dict[int, list[float]]):
        monkeypatch.setattr(calm, "places", lambda threads: [[1], [0]])
        monkeypatch.setattr(calm, "pin_to", lambda cpus: went.append(cpus) or cpus)
        monkeypatch.setattr(calm, "calibrate", lambda: taken_s[went[-1][0]].pop(0))
        monkeypatch.setattr(calm, "PAUSE_S", 0.001)
        went.clear()
        return went

    return play


def settled(reference_s: float | None = 0.02, patience_s: float = 5) -> Quiet:
    seen = Quiet(reference_s, patience_s, 1)
    seen.settle()
    return seen


def test_a_visit_goes_to_the_cpu_that_is_calm(two_cpus):
    went = two_cpus({1: [0.03], 0: [0.02]})
    seen = settled()
    assert (went, seen.cpus_used) == ([[1], [0]], {0}), "on the other it only looked"
    assert seen.waited_s > 0


def test_a_visit_stays_where_it_is_calm_and_waits_where_nothing_is(two_cpus):
    went = two_cpus({1: [0.02]})
    assert (settled().waited_s, went) == (0.0, [[1]])
    went = two_cpus({1: [0.03, 0.02], 0: [0.03]})
    assert (settled().calibrations_s, went) == ([0.03, 0.03, 0.02], [[1], [0], [1]])
    went = two_cpus({1: [0.03]})
    settled(patience_s=0)
    assert went == [[1]], "without patience it takes what it has"
    went = two_cpus({1: [0.03]})
    settled(reference_s=None)
    assert went == [[1]], "nobody knows what is calm"


def test_a_visit_moves_between_its_slices_too(two_cpus):
    went = two_cpus({1: [0.02, 0.03], 0: [0.021]})
    seen = settled()
    seen.look()
    assert (seen.wait(), went, seen.cpus_used) == (0.021, [[1], [0]], {0, 1})


@pytest.mark.skipif(not TASKS.exists(), reason="this system does not list its threads")
def test_a_move_takes_every_thread_along():
    stop = Event()
    others = [Thread(target=stop.wait) for _ in range(2)]
    for other in others:
        other.start()
    allowed = sorted(os.sched_getaffinity(0))
    tasks = [int(task.name) for task in TASKS.iterdir()]
    try:
        for cpu in allowed[0], allowed[-1]:
            pin_to([cpu])
            assert all(os.sched_getaffinity(task) == {cpu} for task in tasks)
    finally:
        pin_to(allowed)
        stop.set()
