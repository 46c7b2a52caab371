"""A partial study: the runs that are there, and what is missing."""

import pytest

from tfscale.files.whole import PLACEHOLDER, seal
from tfscale.study.config import ConfigError
from tfscale.study.study import MACHINE, Study, study_of

GRID = {
    "model": ["mnist"], "layers": [4, 6], "batch_size": [1, 16], "conv_size": [3],
    "input_size": [28],
}  # fmt: skip


def a_run(path, intact: bool = True) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"a run " + PLACEHOLDER)
    seal(path)
    if not intact:
        path.write_bytes(path.read_bytes() + b"spoilt")


@pytest.fixture
def folders(tmp_path, config):
    """Four cells of two rounds: one whole, one with one round, one damaged, one not timed."""
    config["grid"] = GRID
    config["timing"]["rounds"] = 2
    study = Study.from_config(config)
    for name in study.trained:
        facts = tmp_path / "models" / name / "facts.json"
        facts.parent.mkdir(parents=True)
        facts.touch()
        facts.with_name("SHA256SUMS").touch()
    whole, part, damaged, _ = study.cells
    for cell, number, intact in (
        (whole, 1, True),
        (whole, 2, True),
        (part, 1, True),
        (damaged, 1, False),
    ):
        a_run(tmp_path / "runs" / cell / f"round{number}.parquet", intact)
    return tmp_path


def partial(config, folders) -> Study:
    asked = config | {"partial": "true"}
    return study_of(asked, str(folders), str(folders / "models"))


def test_cells_with_an_intact_run_are_there_and_all_else_is_listed(config, folders):
    study = partial(config, folders)
    whole, part, damaged, lost = Study.from_config(config).cells
    assert list(study.cells) == [whole, part]
    assert study.missing == {
        part: "round 2 of 2 not timed", damaged: "not timed", lost: "not timed",
    }  # fmt: skip
    assert study.run_files("<results>") == [
        f"<results>/runs/{whole}/round1.parquet", f"<results>/runs/{whole}/round2.parquet",
        f"<results>/runs/{part}/round1.parquet",
    ]  # fmt: skip


def test_models_figures_and_facts_follow_from_the_cells_that_are_there(config, folders):
    study = partial(config, folders)
    assert study.models == ["mnist"]
    assert [path.split("/")[-2] for path in study.facts_files("m")] == list(study.trained)
    assert len(study.trained) == 1


def test_rounds_that_are_missing_are_named(config, folders):
    config["timing"]["rounds"] = 4
    study = partial(config, folders)
    missing = [study.missing[cell] for cell in list(study.cells)[:2]]
    assert missing == ["rounds 3, 4 of 4 not timed", "rounds 2, 3, 4 of 4 not timed"]


def test_a_cell_whose_model_is_gone_is_missing(config, folders):
    (folders / "models" / "mnist_layers4_batch64_conv3_input28" / "facts.json").unlink()
    with pytest.raises(ConfigError, match="nothing to report yet"):
        partial(config, folders)


def test_with_nothing_there_it_says_what_to_type(config, tmp_path):
    with pytest.raises(ConfigError, match="type the same command without partial=true"):
        partial(config, tmp_path)


def test_a_model_without_its_checksums_is_none(config, folders):
    (folders / "models" / "mnist_layers4_batch64_conv3_input28" / "SHA256SUMS").unlink()
    with pytest.raises(ConfigError, match="nothing to report yet"):
        partial(config, folders)


@pytest.mark.parametrize("value", [False, "false", "False"])
def test_a_study_that_is_not_partial_is_whole(config, folders, value):
    study = study_of(config | {"partial": value}, str(folders), str(folders / "models"))
    assert not study.partial and study.missing == {} and len(study.cells) == 4
    assert len(study.run_files("r")) == 8


def test_another_word_is_a_mistake(config, folders):
    with pytest.raises(ConfigError, match="partial: 'perhaps' must be true or false"):
        study_of(config | {"partial": "perhaps"}, str(folders), str(folders / "models"))


def test_the_machine_is_looked_at_when_it_was_not(config, folders):
    assert partial(config, folders).lacks_machine
    for name in MACHINE:
        assert partial(config, folders).lacks_machine
        (folders / name).parent.mkdir(exist_ok=True)
        (folders / name).touch()
    assert not partial(config, folders).lacks_machine
