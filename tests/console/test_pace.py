"""Estimated times: from FLOP at first, then by what was measured."""

from types import SimpleNamespace

import pytest

from tfscale.console.estimate import (
    BUILD_S,
    USUAL_FLOP,
    Pace,
    Speed,
    Task,
    run_s,
    stages_of,
    tasks_before,
    training_s,
)
from tfscale.study.study import Study
from tfscale.units import duration, ready_at


def timing(estimate_s: float) -> Task:
    return Task("measure", "timing a cell", estimate_s)


def training(estimate_s: float) -> Task:
    return Task("train", "training a model", estimate_s)


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


def test_a_failed_job_is_over_and_says_nothing_of_the_others():
    pace = Pace({1: timing(10), 2: timing(10)})
    pace.ended(1, None)
    assert pace.left_s() == 10 and not pace.measured


def test_earlier_snakemake_runs_count(config):
    pace = Pace({1: training(10)})
    pace.learn(training(10), 40)
    assert pace.left_s() == pytest.approx(25)


@pytest.mark.parametrize(("jobs", "read"), [(3, 3), (200, 200), (500, 167)])
def test_of_thousands_of_earlier_runs_some_from_all_over_are_read(config, jobs, read):
    study, seen = Study.from_config(config), []
    cells = list(study.cells)

    def metadata(path):
        seen.append(path)
        return SimpleNamespace(starttime=100.0, endtime=100.0 + (0.01 if len(seen) == 1 else 20))

    done = [
        SimpleNamespace(
            rule=SimpleNamespace(name="measure"),
            output=[str(number)],
            message="Timing a cell",
            wildcards_dict={"cell": cells[number % len(cells)], "round": "1"},
        )
        for number in range(jobs)
    ]
    workflow = SimpleNamespace(
        dag=SimpleNamespace(jobs=done, needrun=lambda job: False),
        persistence=SimpleNamespace(metadata=metadata),
    )
    found = list(tasks_before(workflow, study, Speed()))
    assert len(seen) == read and len(set(seen)) == read
    assert [took_s for _, took_s in found] == [20.0] * (read - 1)
    assert int(seen[-1]) >= 0.99 * (jobs - 3)


def test_stages_come_in_their_order():
    tasks = [Task("report", "", 1), timing(1), training(1), Task("floor", "", 1)]
    assert stages_of(tasks) == ["train", "machine", "time", "analyse"]


def test_a_default_study_of_one_machine_is_estimated_as_it_took(config):
    """358 s of CPU trained its 24 models on a virtual machine of 243 GFLOP/s."""
    study, speed = Study.from_config(config), Speed(243e9, 0.00688)
    training = sum(training_s(study, trained, speed) for trained in study.trained)
    assert training == pytest.approx(358, rel=0.25)


FAST = "mnist_layers4_batch1_conv3_input28_threads1"


def test_the_timing_of_a_study_is_a_sum_over_its_runs(config):
    """A run of a fast cell: the start of job and process, warm-up, timed block, calibrations."""
    fast = run_s(Study.from_config(config), FAST, Speed())
    assert fast == pytest.approx(0.43 + 0.47 + 0.1 + config["timing"]["min_time_s"], abs=0.05)
    config["timing"]["processes"] = 2
    assert run_s(Study.from_config(config), FAST, Speed()) == pytest.approx(2 * fast - 0.43)


def test_more_work_takes_longer_and_a_faster_machine_is_faster(config):
    study, speed = Study.from_config(config), Speed()
    small, large = (f"text_layers{layers}_batch64_conv8_input56" for layers in (4, 10))
    assert run_s(study, f"{small}_threads1", speed) < run_s(study, f"{large}_threads1", speed)
    assert training_s(study, small, speed) < training_s(study, large, speed)
    assert training_s(study, large, Speed(216e9)) < training_s(study, large, speed)


def test_the_papers_protocol_is_estimated_by_its_passes(config):
    name = "mnist_layers10_batch1_conv8_input28_threads1"
    short_s = run_s(Study.from_config(config), name, Speed())
    config["timing"]["protocol"] = "paper"
    assert run_s(Study.from_config(config), name, Speed()) > 10 * short_s


MINE = """
def build(width: int):
    pass
"""


def test_a_family_without_an_estimate_of_its_own_counts_as_a_usual_model(config, tmp_path):
    flop = "\ndef flop(width):\n    return 1e6 * width\n"
    data = "\ndef data(split, seed):\n    pass\n"
    (tmp_path / "mine.py").write_text(MINE)
    (tmp_path / "known.py").write_text(MINE + flop + data)
    (tmp_path / "trained.py").write_text(MINE + data)
    names = ("mine", "known", "trained")
    config["families"] = {name: str(tmp_path / f"{name}.py") for name in names}
    config["grid"] = [{"model": list(names), "width": [100, 10_000], "batch_size": [64]}]
    config["predict"] = None
    study, speed = Study.from_config(config), Speed()
    made_s = {name: training_s(study, name, speed) for name in study.trained}
    assert made_s["mine_width100"] == made_s["mine_width10000"] == BUILD_S
    of = {name: f"{name}_width{{}}_batch64" if name != "mine" else "" for name in names}
    usual_s = made_s[of["trained"].format(100)]
    assert USUAL_FLOP == 1e6 * 100
    assert made_s[of["known"].format(100)] == usual_s > BUILD_S
    assert made_s[of["known"].format(10_000)] > made_s[of["trained"].format(10_000)] == usual_s
    timed_s = {name: run_s(study, name, speed) for name in study.cells}
    unknown, known = (f"{name}_width100_batch64_threads1" for name in ("mine", "known"))
    assert timed_s[unknown] == timed_s[known] < timed_s[known.replace("100", "10000")]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.2, "1 s"),
        (45, "45 s"),
        (89, "89 s"),
        (100, "2 min"),
        (3600, "1 h"),
        (6000, "1 h 40 min"),
        (90_000, "1 d 1 h"),
        (172_800, "2 d"),
    ],
)
def test_durations_in_words(seconds, words):
    assert duration(seconds) == words


def test_another_day_is_named():
    from datetime import datetime

    now = datetime(2026, 11, 23, 23, 0)
    assert ready_at(1800, now) == "23:30"
    assert ready_at(7200, now) == "Tue 24 Nov 01:00"
