"""Two ways of running that are one: conda's environments and .venv have the same packages."""

import re
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import version
from types import SimpleNamespace

import pytest
import yaml
from packaging.requirements import Requirement
from paths import ROOT, UV

from tfscale.console.environment import MODULES, jobs_environment

PACKAGE_OF = {"PIL": "pillow", "ai_edge_litert": "ai-edge-litert"}
FILES = sorted((ROOT / "envs").iterdir())


def parts(name: str) -> tuple[str, list[Requirement]]:
    """The Python of a conda environment, and what pip installs into it."""
    python, _, pip = yaml.safe_load((ROOT / f"envs/{name}.yaml").read_text())["dependencies"]
    return python.removeprefix("python="), [Requirement(line) for line in pip["pip"]]


def named(group: str) -> set[str]:
    """The packages that pyproject.toml names for a group."""
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]
    names = set()
    for part in groups[group]:
        if isinstance(part, dict):
            names |= named(part["include-group"])
        else:
            names.add(re.match(r"[\w-]+", part)[0])
    return names


def test_the_pins_of_conda_are_those_of_the_lock(tmp_path):
    for name in ("Makefile", "pyproject.toml", "uv.lock"):
        shutil.copy(ROOT / name, tmp_path)
    shutil.copytree(ROOT / "envs", tmp_path / "envs")
    subprocess.run(["make", "-s", "envs", f"UV={UV}"], cwd=tmp_path, check=True)
    for path in FILES:
        written = (tmp_path / "envs" / path.name).read_text()
        assert written == path.read_text(), "uv.lock has changed: type `make envs`"


@pytest.mark.parametrize("found", [True, False])
def test_set_up_takes_the_python_of_conda_where_it_is_installed(tmp_path, found):
    python, uv = parts("tensorflow")[0], tmp_path / "uv"
    uv.write_text(f'#!/bin/sh\n{"echo" if found else "exit 2 #"} "/opt/python$5"\n')
    uv.chmod(0o755)
    command = ["make", "-n", "-B", "setup", f"UV={uv}"]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert f"{uv} sync --frozen" in said
    assert (f" --python /opt/python{python}\n" in said) == ("--python" in said) == found


@pytest.mark.parametrize("name", MODULES)
def test_what_conda_installs_is_installed_here(name):
    pins = [pin for pin in parts(name)[1] if pin.marker is None or pin.marker.evaluate()]
    assert {pin.name: str(pin.specifier) for pin in pins} == {
        pin.name: f"=={version(pin.name)}" for pin in pins
    }


@pytest.mark.parametrize("name", MODULES)
def test_what_is_looked_for_before_a_study_is_what_jobs_need(name):
    assert {PACKAGE_OF.get(module, module) for module in MODULES[name]} == named(name)


def test_there_is_an_environment_of_each_name_and_one_python():
    assert {path.stem for path in FILES} == set(MODULES)
    assert len({parts(name)[0] for name in MODULES}) == 1


@pytest.mark.parametrize("conda", [True, False])
def test_what_jobs_will_have(conda):
    methods = [SimpleNamespace(name="CONDA")] if conda else []
    workflow = SimpleNamespace(
        config_settings=SimpleNamespace(configfiles=[], config={}),
        deployment_settings=SimpleNamespace(deployment_method=methods),
    )
    python = parts("tensorflow")[0] if conda else f"{sys.version_info[0]}.{sys.version_info[1]}"
    packages = {name: version(name) for name in ("tensorflow", "keras")}
    assert jobs_environment(workflow) == {"python": python} | packages


def test_every_dependency_says_why_it_is_there():
    lines = (ROOT / "pyproject.toml").read_text().splitlines()
    dependencies = [line for line in lines if line.startswith('    "') and ">=" in line]
    assert len(dependencies) > 20
    assert all("  # " in line for line in dependencies)
