"""What each rule's result depends on: its modules, and the packages of its environment."""

import ast
import os
import shutil
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from paths import ROOT

from tfscale.console.code import SCRIPTS, code, code_digest

ENVIRONMENT = {
    "download": "analysis", "encode": "analysis", "train": "tensorflow", "measure": "tensorflow",
    "calibrate": "tensorflow", "floor": "tensorflow",
    "merge": "analysis", "fit": "analysis", "plot": "analysis", "report": "analysis",
}  # fmt: skip
PACKAGES = {
    "download": "data errors files jobs",
    "encode": "data errors files jobs",
    "train": "axes data errors files jobs models study",
    "calibrate": "errors files jobs timing",
    "floor": "axes data errors files jobs timing units",
    "measure": "axes data errors files jobs models timing units",
    "merge": "axes errors files jobs models study tables timing units words",
    "fit": "analysis axes errors files jobs study tables timing units words",
    "plot": "analysis axes errors figures files jobs study timing units words",
    "report": "analysis axes errors files jobs report study timing units words",
}
"""The rooms that the result of a rule depends on: an edit elsewhere does not run it again."""
PACKAGE = Path("workflow/scripts/tfscale")
PACKAGE_OF = {"PIL": "pillow", "urllib3": "requests"}


@pytest.mark.parametrize("rule", PACKAGES)
def test_a_rule_depends_on_these_rooms_and_no_others(rule):
    files = [Path(path) for path in code(f"{rule}.py")]
    rooms = {path.relative_to(PACKAGE).parts[0] for path in files if PACKAGE in path.parents}
    assert {room.removesuffix(".py") for room in rooms} == set(PACKAGES[rule].split())
    assert Path(f"workflow/scripts/{rule}.py") in files


def third_party(path: str) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(Path(path).read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module)
    tops = {name.split(".")[0] for name in names}
    return tops - set(sys.stdlib_module_names) - {"tfscale"}


def pins(name: str) -> dict[str, str]:
    environment = yaml.safe_load((ROOT / "envs" / f"{name}.yaml").read_text())
    (pip,) = [part["pip"] for part in environment["dependencies"] if isinstance(part, dict)]
    return dict(pin.split("==") for pin in pip)


@pytest.mark.parametrize("rule", ENVIRONMENT)
def test_every_import_is_in_the_rules_environment(rule):
    wanted = {
        PACKAGE_OF.get(name, name) for path in code(f"{rule}.py") for name in third_party(path)
    }
    assert wanted <= set(pins(ENVIRONMENT[rule]))


@pytest.mark.parametrize("name", ["tensorflow", "analysis"])
def test_environments_pin_what_is_locked(name):
    lock = tomllib.loads((ROOT / "uv.lock").read_text())
    locked = {package["name"]: package.get("version") for package in lock["package"]}
    assert pins(name) == {package: locked[package] for package in pins(name)}


def test_every_dependency_says_why_it_is_there():
    lines = (ROOT / "pyproject.toml").read_text().splitlines()
    dependencies = [line for line in lines if line.startswith('    "') and ">=" in line]
    assert len(dependencies) > 20
    assert all("  # " in line for line in dependencies)


def test_a_digest_follows_every_byte_of_the_code_and_no_time(tmp_path, monkeypatch):
    made = tmp_path / "scripts"
    shutil.copytree(SCRIPTS, made)
    monkeypatch.setattr("tfscale.console.code.SCRIPTS", made)
    digest = code_digest("measure.py")
    assert digest.startswith("measure.py ")
    os.utime(made / "tfscale" / "timing" / "block.py")
    assert code_digest("measure.py") == digest
    with (made / "tfscale" / "report" / "page.py").open("a") as file:
        file.write("# not a module of it")
    assert code_digest("measure.py") == digest
    with (made / "tfscale" / "timing" / "block.py").open("a") as file:
        file.write(" ")
    assert code_digest("measure.py") != digest
