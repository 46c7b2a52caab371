"""What the docs name exists: keys, commands, options, paths, tables. Written pages are current."""

import ast
import re
import runpy
import shlex
import sys
from copy import deepcopy
from pathlib import Path

import page_files
import pytest
import yaml
from paths import ROOT
from shown_commands import MAKE, in_docs
from snakemake.cli import get_argument_parser

from tfscale.study import config as configuration
from tfscale.study.grid import cells
from tfscale.study.outputs import TABLES

DOCS = ROOT / "docs"
PROSE = {
    str(path.relative_to(ROOT)): path.read_text(encoding="utf-8")
    for path in [*ROOT.glob("*.md"), *DOCS.rglob("*.md"), *ROOT.glob("re*s/README.md")]
}
WHOLE = "\n".join(PROSE.values())
REFERENCE = runpy.run_path(str(DOCS / "reference.py"))


def blocks(language: str) -> list[str]:
    """The fenced blocks of a language on all pages."""
    return re.findall(rf"^```{language}\n(.*?)^```", WHOLE, re.S | re.M)


def over(config: dict, text: str) -> dict:
    """A configuration with a YAML block laid over it, as Snakemake does."""
    merged = deepcopy(config)
    for key, value in yaml.safe_load(text).items():
        both = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = merged[key] | value if both else value
    return merged


@pytest.mark.parametrize("name", REFERENCE["PAGES"])
def test_a_generated_page_is_current(name):
    assert (DOCS / name).read_text() == REFERENCE["PAGES"][name](), "type: make docs"


def test_every_key_of_the_config_has_a_comment(config):
    text = (ROOT / "config.yaml").read_text()
    for keys in config.values():
        for key in keys if isinstance(keys, dict) else []:
            (line,) = [line for line in text.splitlines() if line.startswith(f"  {key}: ")][:1]
            assert "  # " in line


def write_files(folder: Path) -> None:
    """What the configurations of the docs name: families, and SavedModels that are there."""
    page_files.write(folder)
    for depth in (1, 2, 4):
        (folder / f"saved/v{depth}").mkdir(parents=True)
        (folder / f"saved/v{depth}/saved_model.pb").touch()


@pytest.mark.parametrize("text", blocks("yaml"))
def test_a_configuration_in_the_docs_is_a_right_one(text, config, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for path in re.findall(r"path: (\S+?),", text):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).touch()
    (tmp_path / ".venv-2.20/bin").mkdir(parents=True)
    (tmp_path / ".venv-2.20/bin/python").symlink_to(sys.executable)
    write_files(tmp_path)
    configuration.check(over(config, page_files.whole(text)))


@pytest.mark.parametrize("text", blocks("python"))
def test_a_program_in_the_docs_is_python(text):
    ast.parse(text)


def test_every_cell_named_in_the_docs_is_one_of_a_study(config, tmp_path, monkeypatch):
    known = set(cells(config["grid"]))
    monkeypatch.chdir(tmp_path)
    write_files(tmp_path)
    for text in blocks("yaml"):
        whole = over(config, page_files.whole(text))
        configuration.families_of(whole)
        known |= set(cells(whole["grid"]))
    named = set(re.findall(r"\b(?:mnist|text)_layers\w+|\bshapes_\w+", WHOLE))
    known.add("shapes_d6_batch1_threads1")  # the one that is shown as refused
    assert named and named <= known


def test_every_make_target_in_the_docs_exists():
    named = {line.split()[1] for line in in_docs() if line.startswith("make ")}
    assert {"demo", "test", "docs", "lint", "bench", "setup"} <= named <= set(MAKE)


def test_every_option_of_snakemake_in_the_docs_exists():
    known = set(get_argument_parser()._option_string_actions)
    words = [word for line in in_docs() if "snake" in line for word in line.split()]
    named = {word for word in words if re.match(r"--?[a-z]", word)}
    assert {"--configfile", "--workflow-profile", "--unlock", "-n"} <= named <= known


def test_options_that_take_every_word_that_follows_get_none_that_they_should_not():
    right = {"--config": "=", "--configfile": ".yaml", "--forcerun": ".parquet"}
    seen = set()
    for line in in_docs():
        option = ""
        for word in shlex.split(line):
            option = word if word.startswith("-") else option
            if not word.startswith("-") and option in right:
                seen.add(option)
                assert right[option] in word, line
    assert seen == set(right)


def test_every_profile_and_path_in_the_docs_exists():
    named = re.findall(r"`((?:workflow|profiles|tests|envs|bench)/[^`<\s]*)`", WHOLE)
    assert len(named) > 10
    for path in named:
        assert list(ROOT.glob(path.rstrip("/"))), path


def test_every_module_in_the_docs_exists():
    named = set(re.findall(r"`([a-z]+/\w+\.py)`", WHOLE))
    assert len(named) > 10
    for module in named:
        assert (ROOT / "workflow" / "scripts" / "tfscale" / module).exists(), module


def test_every_fitted_table_in_the_docs_exists():
    named = set(re.findall(r"`fits/([a-z_]+)[`.]", WHOLE)) - {"findings"}
    assert "held_out" in named and named <= set(TABLES)


def test_every_variable_of_the_environment_in_the_docs_is_read_somewhere():
    code = "\n".join(path.read_text() for path in (ROOT / "workflow").rglob("*.py"))
    named = set(re.findall(r"TFSCALE_\w+", WHOLE))
    assert {"TFSCALE_MIRROR", "TFSCALE_WARM"} <= named
    assert [name for name in named if name not in code] == []


@pytest.mark.parametrize("name", PROSE)
def test_every_link_of_a_page_leads_to_a_file(name):
    for link in re.findall(r"\]\(([^)\s]+)\)", PROSE[name]):
        if "://" not in link and not link.startswith("#"):
            assert (ROOT / name).parent.joinpath(link.split("#")[0]).is_file(), link


def test_the_readme_shows_the_first_model_of_your_own_model():
    files = page_files.files()
    shown = re.findall(r"^```(\w+)\n(.*?)^```", PROSE["README.md"], re.S | re.M)
    assert ("python", files["net.py"]) in shown
    first = yaml.safe_load(
        next(text for name, text, _ in page_files.blocks() if name == "net.yaml")
    )
    assert first in [yaml.safe_load(text) for language, text in shown if language == "yaml"]
