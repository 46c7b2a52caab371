"""What the rules ask of a study."""

import os

import pytest

from tfscale.errors import StudyError
from tfscale.study import config as sections
from tfscale.study.study import Study


def test_training_goes_first_and_the_costliest_model_leads(config):
    study = Study.from_config(config)
    training = {name: study.training_priority(name) for name in study.trained}
    assert study.data_priority > max(training.values())
    timing = [study.schedule.priority("runs", cell, n) for cell in study.cells for n in (1, 2)]
    assert min(training.values()) > study.schedule.first > max(timing)
    assert max(training, key=training.get) == "text_layers10_batch64_conv8_input56"


def test_round_1_comes_before_round_2_each_in_an_order_of_its_own(config):
    study = Study.from_config(config)
    first, second = (
        [study.schedule.priority("runs", cell, n) for cell in study.cells] for n in (1, 2)
    )
    assert min(first) > max(second)
    assert len({a - b for a, b in zip(first, second, strict=True)}) > 10


def test_sentinels_are_timed_from_the_start_to_the_end(config):
    config["timing"]["further_rounds"] = 0
    schedule = Study.from_config(config).schedule
    assert len(schedule.files("sentinels", "results")) == 8
    places = [schedule.priority("sentinels", schedule.sentinels[0], n) for n in (1, 2, 3, 4)]
    assert places == sorted(places, reverse=True)
    assert (places[0], places[-1]) == (schedule.first - 1, 2)
    assert places[0] - places[1] == pytest.approx(places[1] - places[2], abs=4)


def test_sentinels_are_as_far_apart_as_the_runs_that_take_time(config):
    """Most runs of further rounds find their cell precise enough."""
    schedule = Study.from_config(config).schedule
    complete = [schedule.priority("runs", cell, 6) for cell in schedule.cells]
    places = [schedule.priority("sentinels", schedule.sentinels[0], n) for n in (1, 2, 3, 4)]
    assert places[1] > max(complete) and places[2] < max(complete) + len(complete)


def test_further_rounds_come_last_and_are_told_from_complete_ones(config):
    study = Study.from_config(config)
    numbers = study.schedule.numbers("runs")
    assert (numbers[0], numbers[-1], study.schedule.further) == (1, 20, 14)
    cell = next(iter(study.cells))
    order = [study.schedule.priority("runs", cell, number) for number in numbers]
    assert order == sorted(order, reverse=True)
    complete, further = (sections.protocol(config, "runs", number) for number in (6, 7))
    assert further == complete | {"further": True, "cell_cap_s": 60}
    more = config | {"timing": config["timing"] | {"further_rounds": 20}}
    assert sections.protocol(more, "runs", 7) == further, "more of them change no run"
    longer = config | {"timing": config["timing"] | {"cell_cap_s": 90}}
    assert sections.protocol(longer, "runs", 6) == complete, "the cap is one of further rounds"


def test_a_round_builds_on_the_rounds_before_it(config):
    schedule = Study.from_config(config).schedule
    assert schedule.earlier("runs", "c", 1, "r") == []
    assert schedule.earlier("runs", "c", 3, "r") == ["r/runs/c/round2.parquet"]
    assert schedule.earlier("sentinels", "c", 2, "r") == []
    with pytest.raises(
        StudyError, match=r"20 rounds of runs \(timing.rounds and further_rounds\), not 21"
    ):
        schedule.earlier("runs", "c", 21, "r")


def test_default_study_shares_24_models_and_the_papers_has_one_a_cell(config):
    assert len(Study.from_config(config).trained) == 24
    config["training"]["batch_size"] = None
    assert len(Study.from_config(config).trained) == 114


def test_the_mirror_of_the_environment_goes_before_the_configs(config, monkeypatch, tmp_path):
    config["datasets"]["mirror"] = str(tmp_path)
    monkeypatch.setenv("TFSCALE_MIRROR", "")
    monkeypatch.delenv("TFSCALE_MIRROR")
    Study.from_config(config).export_mirror()
    assert os.environ["TFSCALE_MIRROR"] == str(tmp_path)
    monkeypatch.setenv("TFSCALE_MIRROR", "https://mirror.example")
    Study.from_config(config).export_mirror()
    assert os.environ["TFSCALE_MIRROR"] == "https://mirror.example"


def test_keys_in_another_order_are_the_same_job(config):
    other = config | {"training": dict(reversed(config["training"].items()))}
    other["timing"] = dict(reversed(config["timing"].items()))
    for part in (sections.recipe, sections.protocol, sections.evaluation, sections.shown_settings):
        assert list(part(config).items()) == list(part(other).items())


def test_a_name_that_is_not_in_the_study_is_refused_with_the_nearest_one(config):
    study = Study.from_config(config)
    with pytest.raises(
        StudyError, match="did you mean mnist_layers4_batch1_conv3_input28_threads1"
    ):
        study.cell("mnist_layer4_batch1_conv3_input28_threads1")
    with pytest.raises(StudyError, match="did you mean text_layers10_batch64_conv8_input56"):
        study.model("text_layers10_batch64_conv8_input58")
