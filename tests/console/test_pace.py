"""Estimated times: from FLOP at first, then by what was measured."""

from time import perf_counter
from types import SimpleNamespace

import pytest

from tfscale.console.estimate import Pace, Speed, Task, run_s, stages_of, tasks_before, training_s
from tfscale.study.study import Study
from tfscale.units import duration, ready_at


def timing(estimate_s: float, kind: str = "mnist") -> Task:
    return Task("measure", kind, "timing a cell", estimate_s)


def training(estimate_s: float) -> Task:
    return Task("train", "mnist", "training a model", estimate_s)


def test_trainings_share_the_slots_and_runs_do_not():
    pace = Pace({1: training(60), 2: training(60), 3: timing(10), 4: timing(10)}, slots=2)
    assert pace.left_s("train") == 60
    assert pace.left_s("time") == 20
    assert pace.left_s() == 80
    assert Pace({1: timing(10), 2: timing(10)}, slots=2, spread=True).left_s() == 10


def test_what_was_measured_corrects_what_is_left():
    pace = Pace({number: timing(10) for number in range(20)})
    assert pace.left_s() == 200 and not pace.measured
    for number in range(10):
        pace.ended(number, 30)
    assert pace.measured
    assert pace.left_s() == pytest.approx(10 * 30, rel=0.1)
    assert pace.left_s() < 300


def test_what_is_left_of_twenty_thousand_jobs_is_known_at_once():
    pace = Pace({number: timing(1 + number % 7) for number in range(20_000)})
    left_s = sum(1 + number % 7 for number in range(20_000))
    start = perf_counter()
    for number in range(10_000):
        assert pace.left_s("time") == pytest.approx(left_s)
        pace.ended(number, None)
        left_s -= 1 + number % 7
    assert pace.count("time") == 10_000
    assert perf_counter() - start < 10  # a sum over all jobs each time takes minutes


def test_a_failed_job_is_over_and_says_nothing_of_the_others():
    pace = Pace({1: timing(10), 2: timing(10)})
    pace.ended(1, None)
    assert pace.left_s() == 10 and not pace.measured


def test_a_kind_that_was_not_measured_takes_over_the_stage():
    pace = Pace({1: timing(10, "mnist"), 2: timing(10, "text")})
    pace.ended(1, 50)
    assert pace.left_s() == pytest.approx(10 * 60 / 20)


def test_earlier_snakemake_runs_count(config):
    pace = Pace({1: training(10)})
    pace.learn(training(10), 40)
    assert pace.left_s() == pytest.approx(25)


@pytest.mark.parametrize(("jobs", "read"), [(3, 3), (500, 500), (1200, 400)])
def test_of_thousands_of_earlier_runs_some_from_all_over_are_read(config, jobs, read):
    study, seen = Study.from_config(config), []
    cells = list(study.cells)

    def metadata(path):
        seen.append(path)
        return SimpleNamespace(starttime=100.0, endtime=100.0 + (0.01 if len(seen) == 1 else 20))

    done = [
        SimpleNamespace(
            rule=SimpleNamespace(name="measure"), output=[str(number)],
            wildcards_dict={"cell": cells[number % len(cells)], "walk": "runs", "number": "1"},
        )
        for number in range(jobs)
    ]  # fmt: skip
    workflow = SimpleNamespace(
        dag=SimpleNamespace(jobs=done, needrun=lambda job: False),
        persistence=SimpleNamespace(metadata=metadata),
    )
    found = list(tasks_before(workflow, study, Speed()))
    assert len(seen) == read and len(set(seen)) == read
    assert [took_s for _, took_s in found] == [20.0] * (read - 1)
    assert int(seen[-1]) >= 0.99 * (jobs - 3)


def test_stages_come_in_their_order():
    tasks = [Task("report", "", "", 1), timing(1), training(1), Task("floor", "", "", 1)]
    assert stages_of(tasks) == ["train", "machine", "time", "analyse"]


MEASURED = {
    "243 GFLOP/s": (Speed(243e9, 36.6e9, 0.00688, 0.0), 358, 1104),
    "248 GFLOP/s, the second study": (Speed(248e9, 39.6e9, 0.00697, 0.053), 358, 1108),
}
"""Default studies of 5 rounds on one machine: seconds of CPU of training 24 models, and of 578
timing jobs, in which the calibration still did twice the work (its time is halved here)."""


@pytest.mark.parametrize("machine", MEASURED)
def test_default_studies_are_estimated_as_they_took(config, machine):
    study, (speed, trained_s, timed_s) = Study.from_config(config), MEASURED[machine]
    training = sum(training_s(axes, config, speed) for axes in study.trained.values())
    timing = sum(run_s(axes, "runs", config, speed) for axes in study.cells.values())
    assert training == pytest.approx(trained_s, rel=0.25)
    assert 5 * timing == pytest.approx(timed_s, rel=0.25)


def test_a_busy_machine_takes_more_visits():
    assert Speed(slow_share=0.0).more_visits < 1.1
    assert Speed(slow_share=0.2).more_visits < Speed(slow_share=0.4).more_visits
    assert Speed(slow_share=0.4).more_visits == Speed(slow_share=0.9).more_visits == 1.6


def test_more_work_takes_longer_and_a_faster_machine_is_faster(config):
    study, speed = Study.from_config(config), Speed()
    small, large = (
        study.cell(f"text_layers{layers}_batch64_conv8_input56_threads1") for layers in (4, 10)
    )
    assert run_s(small, "runs", config, speed) < run_s(large, "runs", config, speed)
    assert run_s(small, "runs", config, speed, number=7) < 0.5 * run_s(small, "runs", config, speed)
    assert run_s(large, "runs", config, speed, number=20) < 1, "its visits have taken a minute"
    assert training_s(large, config, Speed(216e9)) < training_s(large, config, speed)
    assert run_s(large, "runs", config, speed) < 3 * config["timing"]["time_cap_s"]


def test_the_papers_protocol_is_estimated_by_its_passes(config):
    cell = Study.from_config(config).cell("mnist_layers10_batch1_conv8_input28_threads1")
    paper = config | {"timing": config["timing"] | {"protocol": "paper"}}
    speed = Speed()
    assert run_s(cell, "runs", paper, speed) > 10 * run_s(cell, "runs", config, speed)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.2, "1 s"), (45, "45 s"), (89, "89 s"), (100, "2 min"), (3600, "1 h"),
        (6000, "1 h 40 min"), (90_000, "1 d 1 h"), (172_800, "2 d"),
    ],
)  # fmt: skip
def test_durations_in_words(seconds, words):
    assert duration(seconds) == words


def test_another_day_is_named():
    from datetime import datetime

    now = datetime(2026, 11, 23, 23, 0)
    assert ready_at(1800, now) == "23:30"
    assert ready_at(7200, now) == "Tue 24 Nov 01:00"
