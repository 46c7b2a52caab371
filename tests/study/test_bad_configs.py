"""Every mistake of a configuration is named with what to do, however it was made."""

import tempfile
from pathlib import Path

import pytest
import yaml
from bad_configs import ALL, BOMBS, TINY, Bad, as_json
from paths import ROOT
from rights import ordinary_user
from snakemake.cli import parse_config
from snakemake.common.configfile import load_configfile
from snakemake.settings.types import ConfigSettings
from snakemake.utils import update_config

from tfscale.study.config import ConfigError, check, schema
from tfscale.study.config_files import check_files, merged, typed
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


def test_there_are_many_and_each_has_a_name_of_its_own():
    assert len({bad.name for bad in ALL}) == len(ALL) >= 100


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
    assert sorted(path.name for path in folder.iterdir() if path.name != "my.yaml") == [
        "README.md", "config.yaml", "docs",
    ]  # fmt: skip


RIGHT = [
    Bad("tiny", (), TINY),
    Bad("blanks and quotes", (), TINY + "pathvars: {results: \"it's a \\\"résumé\\\"\"}\n"),
    Bad("folders", (), TINY + "pathvars: {results: a b, logs: <results>/l, models: /tmp/m}\n"),
    Bad("mirror", (), TINY.replace("mirror: null", "mirror: /no such/é 'x' {y}")),
    Bad("address", (), TINY.replace("mirror: null", "mirror: HTTPS://a.org/b")),
    Bad("anchors", (), TINY.replace("threads: [1]", "threads: &one [1]", 1)
        .replace("threads: [1]", "threads: *one")),
    Bad("json", (), as_json().replace(" ", "\t")),
    Bad("byte order mark", (), "\ufeff" + TINY),
    Bad("exclude", (), TINY + "exclude: [{layers: 6, reason: out of memory}]\n"),
    Bad("impossible but excluded", (), TINY.replace("layers: [4, 6]", "layers: [4, 40]")
        + "exclude: [{layers: 40, reason: does not fit}]\n"),
    Bad("typed", (), TINY, ("timing={rounds: 3, precision: 1e-2}", "partial=false", "seed=7")),
    Bad("typed list", (), TINY, ("exclude=[{layers: 6, reason: too large}]",)),
    Bad("over", (), TINY, over="timing: {rounds: 2}\n"),
]  # fmt: skip


@pytest.mark.parametrize("right", RIGHT, ids=lambda right: right.name)
def test_what_is_right_is_taken(right, folder):
    found = study(right, folder)
    expected = {"typed": 3, "over": 2}.get(right.name, 1)
    assert found.config["timing"]["rounds"] == expected
    assert len(found.cells) == (2 if "exclude" in f"{right.text}{right.config}" else 3)


def test_values_of_the_command_line_are_read_as_yaml_reads_them():
    given = parse_config(
        ["aa={b: [1, 1e-3, true, null, word], c: {d: '2'}}", "ee=true", "ff=3", "gg=it's"]
    )
    config = typed({"aa": {"b": 0, "c": 0, "x": 1}} | dict.fromkeys(("ee", "ff", "gg"), 0), given)
    assert config["aa"] == {"b": [1, 0.001, True, None, "word"], "c": {"d": 2}, "x": 1}
    assert (config["ee"], config["ff"], config["gg"]) == (True, 3, "it's")


def test_a_section_goes_over_another_key_by_key():
    below = {"a": {"b": 1, "c": 2}, "d": [1]}
    over = {"a": {"b": 3}, "d": {"e": 4}}
    whole = merged(below, over)
    assert whole == {"a": {"b": 3, "c": 2}, "d": {"e": 4}}
    assert below["a"]["b"] == 1 and whole["d"] is not over["d"]


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
    said = f"pathvars.results: '{shut}/a/b' cannot be written: {shut} is read-only for you"
    assert said in str(raised.value) and "1 mistake:" in str(raised.value)


@pytest.mark.parametrize("name", ["lists", "endless list"])
def test_a_bomb_that_snakemake_has_loaded_already_is_not_set_off(name):
    (bomb,) = [bad for bad in BOMBS if bad.name == name]
    with pytest.raises(ConfigError, match="1 mistake:\n  config: "):
        check(yaml.safe_load(bomb.text))


def test_all_that_can_be_excluded_is_an_axis():
    whole = schema()
    axes = whole["$defs"]["subgrid"]["properties"]
    entry = whole["properties"]["exclude"]["items"]
    assert list(entry["properties"]) == ["reason", *axes] and entry["required"] == ["reason"]
    for axis, value in axes.items():
        kind = value["items"].get("type", "string")
        assert entry["properties"][axis]["type"] == [kind, "array"]
        assert entry["properties"][axis]["items"] == {"type": kind}


@pytest.mark.parametrize("path", sorted((ROOT / "profiles").glob("*/config.yaml")))
def test_the_projects_own_files_are_right(path, monkeypatch):
    monkeypatch.chdir(ROOT)
    check_files("config.yaml", ConfigSettings(configfiles=[path]))
