"""A real study on a tiny grid, run once; every test works on a copy of it."""

from pathlib import Path

import pytest
from once import made_once
from snakemake_project import Project, clone

NAME, SAID = 'it\'s "a" study ü', "first_run.txt"


@pytest.fixture(scope="session")
def finished(tmp_path_factory) -> Project:
    """The tiny study, run whole by the plainest command."""
    folder = made_once(tmp_path_factory, "finished", _finish)
    project = Project(folder / NAME)
    project.first_run = (folder / SAID).read_text()
    return project


def _finish(folder: Path) -> None:
    (folder / SAID).write_text(clone(folder / NAME).run())


@pytest.fixture
def project(finished, tmp_path) -> Project:
    """A copy of the finished study with all times kept, to be changed by a test."""
    return finished.copy_to(tmp_path / "copy")


@pytest.fixture
def fresh(tmp_path) -> Project:
    """A fresh clone: nothing has run in it."""
    (tmp_path / "fresh").mkdir()
    return clone(tmp_path / "fresh")
