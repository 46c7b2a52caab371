"""Every mistake of a configuration is named with what to do, however it was made."""

import sys
import tempfile
from pathlib import Path

import pytest
from bad_configs import ALL, TINY, Bad, replaced
from paths import ROOT
from rights import ordinary_user
from snakemake.cli import parse_config
from snakemake.common.configfile import load_configfile
from snakemake.settings.types import ConfigSettings
from snakemake.utils import update_config

from tfscale.study.config import ConfigError, check
from tfscale.study.config_files import check_files, typed
from tfscale.study.study import Study, study_of


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """A project's folder, as far as configurations look at it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "README.md").touch()
    (tmp_path / "docs").mkdir()
    return tmp_path


def study(bad: Bad, folder: Path) -> Study:
    """The study of a configuration as the rules read it (config.smk, Snakemake, common.smk)."""
    bad.write(folder)
    over = [] if bad.over is None else [folder / "my.yaml"]
    settings = ConfigSettings(config=parse_config(list(bad.config)), configfiles=over)
    check_files("config.yaml", settings)
    config = load_configfile("config.yaml")
    update_config(config, settings.overwrite_config)
    return study_of(typed(config, settings.config), "results", "results/models")


def test_each_has_a_name_of_its_own():
    assert len({bad.name for bad in ALL}) == len(ALL)


@pytest.mark.parametrize("bad", ALL, ids=lambda bad: bad.name)
def test_every_mistake_is_named(bad, folder):
    with pytest.raises(ConfigError) as raised:
        study(bad, folder)
    text = str(raised.value)
    for said in bad.said:
        assert said in text
    assert len(bad.said) > 1 or "The configuration has 1 mistake:" in text
    assert max(map(len, text.splitlines())) < 1000 and len(text.splitlines()) <= 103
    assert not any(ord(character) < 32 for character in text.replace("\n", ""))


RIGHT = {
    "tiny": Bad(()),
    "folders": Bad((), TINY + "pathvars: {results: 'a, ü', logs: <results>/l, models: /tmp/m}\n"),
    "mirror": Bad((), replaced("mirror: null", "mirror: /no such/é 'x' {y}")),
    "address": Bad((), replaced("mirror: null", "mirror: HTTPS://a.org/b")),
    "one sub-grid": Bad(
        (),
        config=(
            "predict={model: [mnist], layers: [4], batch_size: [1], "
            "conv_size: [3], input_size: [14]}",
        ),
    ),
    "whole number": Bad((), replaced("learning_rate: 0.001", "learning_rate: 1")),
    "exclude": Bad((), replaced("exclude: []", "exclude: [{layers: 6, reason: out of memory}]")),
    "impossible but excluded": Bad(
        (),
        replaced("layers: [4, 6]", "layers: [4, 40]").replace(
            "exclude: []", "exclude: [{layers: 40, reason: does not fit}]"
        ),
    ),
    "typed": Bad((), config=("timing={rounds: 3, min_time_s: 1e-2}", "partial=false", "seed=7")),
    "typed list": Bad((), config=("exclude=[{layers: 6, reason: too large}]",)),
    "over": Bad((), over="timing: {rounds: 2}\n"),
}


@pytest.mark.parametrize("name", RIGHT)
def test_what_is_right_is_taken(name, folder):
    found = study(RIGHT[name], folder)
    assert found.config["timing"]["rounds"] == {"typed": 3, "over": 2}.get(name, 1)
    excludes = name in ("exclude", "impossible but excluded", "typed list")
    assert len(found.cells) == (2 if excludes else 3)
    assert isinstance(found.config["training"]["learning_rate"], float)


def test_values_of_the_command_line_are_read_as_yaml_reads_them():
    given = parse_config(
        ["aa={b: [1, 1e-3, true, null, word], c: {d: '2'}}", "ee=true", "ff=3", "gg=it's"]
    )
    config = typed({"aa": {"b": 0, "c": 0, "x": 1}} | dict.fromkeys(("ee", "ff", "gg"), 0), given)
    assert config["aa"] == {"b": [1, 0.001, True, None, "word"], "c": {"d": 2}, "x": 1}
    assert (config["ee"], config["ff"], config["gg"]) == (True, 3, "it's")


def test_a_folder_that_is_read_only_is_named_before_anything_runs(config):
    with tempfile.TemporaryDirectory() as name:
        shut = Path(name) / "shut"
        shut.mkdir()
        for path, mode in ((Path(name), 0o755), (shut, 0o555)):
            path.chmod(mode)
        config["pathvars"] = {"results": f"{shut}/a/b", "models": f"{shut}/shared"}
        check(config)
        with ordinary_user(), pytest.raises(ConfigError) as raised:
            check(config)
    said = f"pathvars.results: '{shut}/a/b' cannot be used: {shut} is read-only for you"
    assert said in str(raised.value) and "1 mistake:" in str(raised.value)


def test_a_folder_that_a_locale_would_double_is_named_with_the_remedy(config, monkeypatch):
    monkeypatch.setattr(sys, "getfilesystemencoding", lambda: "iso8859-1")
    config["pathvars"] = {"results": "ascii", "models": "größe"}
    with pytest.raises(ConfigError) as raised:
        check(config)
    assert "pathvars.models: 'größe' would be two folders" in str(raised.value)
    assert "put PYTHONUTF8=1 before the command" in str(raised.value)
    assert "1 mistake:" in str(raised.value)


@pytest.mark.parametrize("path", sorted((ROOT / "profiles").glob("*/config.yaml")))
def test_the_projects_own_files_are_right(path, monkeypatch):
    monkeypatch.chdir(ROOT)
    check_files("config.yaml", ConfigSettings(configfiles=[path]))
    config = load_configfile("config.yaml")
    update_config(config, load_configfile(path))
    check(config)
