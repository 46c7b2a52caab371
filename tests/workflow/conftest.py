"""A real study on a tiny grid, run once; every test works on a copy of it."""

import shutil
import subprocess
from pathlib import Path

import pytest
from paths import ROOT
from snakemake_project import Project


def clone(target: Path) -> Project:
    """The project's files as a user would clone them, with the tiny study as config.yaml."""
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    files = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in files.splitlines():
        if (ROOT / name).is_file() and not name.startswith("tests/"):
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, target / name)
    shutil.copyfile(ROOT / "tests" / "tiny.yaml", target / "config.yaml")
    return Project(target)


@pytest.fixture(scope="session")
def finished(tmp_path_factory) -> Project:
    """The tiny study, run whole by the plainest command."""
    project = clone(tmp_path_factory.mktemp("finished") / 'it\'s "a" study ü')
    project.first_run = project.run()
    return project


@pytest.fixture
def project(finished, tmp_path) -> Project:
    """A copy of the finished study with all times kept, to be changed by a test."""
    shutil.copytree(finished.root, tmp_path / "copy", copy_function=shutil.copy2)
    return Project(tmp_path / "copy")


@pytest.fixture
def fresh(tmp_path) -> Project:
    """A fresh clone: nothing has run in it."""
    (tmp_path / "fresh").mkdir()
    return clone(tmp_path / "fresh")
