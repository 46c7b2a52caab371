"""A real study on a tiny grid, run once; every test works on a copy of it."""

import fcntl
import os
from pathlib import Path

import pytest
from snakemake_project import Project, clone


@pytest.fixture(scope="session")
def finished(tmp_path_factory) -> Project:
    """The tiny study, run whole by the plainest command: by the first of the test processes that
    needs it, while the others wait. Tests leave it as it is."""
    folder = _shared(tmp_path_factory)
    root, said = folder / 'it\'s "a" study ü', folder / "first_run.txt"
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not said.exists():
            said.write_text(clone(root).run())
    project = Project(root)
    project.first_run = said.read_text()
    return project


def _shared(tmp_path_factory) -> Path:
    """A folder of this test run, the same for all its processes."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "finished"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture
def project(finished, tmp_path) -> Project:
    """A copy of the finished study with all times kept, to be changed by a test."""
    return finished.copy_to(tmp_path / "copy")


@pytest.fixture
def fresh(tmp_path) -> Project:
    """A fresh clone: nothing has run in it."""
    (tmp_path / "fresh").mkdir()
    return clone(tmp_path / "fresh")
