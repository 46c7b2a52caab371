"""A real study on a tiny grid, run once; every test works on a copy of it."""

import shutil

import pytest
from snakemake_project import Project, clone


@pytest.fixture(scope="session")
def finished(tmp_path_factory) -> Project:
    """The tiny study, run whole by the plainest command."""
    project = clone(tmp_path_factory.mktemp("finished") / "a study ü")
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
