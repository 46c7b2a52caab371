"""What the rules ask of a study."""

import json
import os

import pytest
from snakemake.common.configfile import load_configfile
from snakemake.settings.types import ConfigSettings

from tfscale.errors import StudyError
from tfscale.study import config as sections
from tfscale.study.config_files import check_files
from tfscale.study.study import Study


def test_training_goes_first_and_the_costliest_model_leads(config):
    study = Study.from_config(config)
    training = {name: study.training_priority(name) for name in study.trained}
    assert study.data_priority > max(training.values())
    timing = [study.priority(cell, number) for cell in study.cells for number in study.rounds]
    assert min(training.values()) > study.machine_priority > max(timing)
    assert max(training, key=training.get) == "text_layers10_batch64_conv8_input56"


def test_round_1_comes_before_round_2_each_in_an_order_of_its_own(config):
    study = Study.from_config(config)
    first, second = ([study.priority(cell, number) for cell in study.cells] for number in (1, 2))
    assert min(first) > max(second)
    assert len({a - b for a, b in zip(first, second, strict=True)}) > 10


def test_a_study_has_a_file_a_cell_and_round(config):
    study = Study.from_config(config)
    files = study.run_files("r")
    assert len(set(files)) == 5 * len(study.cells)
    assert files[4] == "r/runs/mnist_layers4_batch1_conv3_input28_threads1/round5.parquet"
    with pytest.raises(StudyError, match=r"5 rounds \(timing.rounds\), not 6"):
        study.priority(next(iter(study.cells)), 6)


def test_more_rounds_change_no_run_and_passes_count_where_they_are_timed(config):
    settings = sections.protocol(config)
    more = config | {"timing": config["timing"] | {"rounds": 9}}
    assert sections.protocol(more) == settings and "passes" not in settings
    paper = config | {"timing": config["timing"] | {"protocol": "paper"}}
    assert sections.protocol(paper) == settings | {"protocol": "paper", "passes": 10}


def test_a_recipe_says_whether_training_is_deterministic(config):
    assert sections.recipe(config)["deterministic"] is False
    del config["training"]["deterministic"]
    assert sections.recipe(config)["deterministic"] is False


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


def test_the_settings_on_the_page_are_a_whole_configuration(config, tmp_path):
    config["training"]["learning_rate"] = 1e-05
    config["datasets"]["mirror"] = "/data/mirror"
    config |= {"pathvars": {"results": "results/mine"}, "partial": True}
    path = tmp_path / "config.yaml"
    path.write_text(json.dumps(sections.shown_settings(Study.from_config(config).config)))
    check_files(str(path), ConfigSettings())
    shown = Study.from_config(load_configfile(path))
    config["datasets"]["mirror"] = None
    assert shown.config == Study.from_config(config | {"partial": False}).config


def test_a_name_that_is_not_in_the_study_is_refused_with_the_nearest_one(config):
    study = Study.from_config(config)
    with pytest.raises(
        StudyError, match="did you mean mnist_layers4_batch1_conv3_input28_threads1"
    ):
        study.cell("mnist_layer4_batch1_conv3_input28_threads1")
    with pytest.raises(StudyError, match="did you mean text_layers10_batch64_conv8_input56"):
        study.model("text_layers10_batch64_conv8_input58")
