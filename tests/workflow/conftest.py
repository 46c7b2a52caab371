"""A real study on a tiny grid, run once; every test works on a copy of it."""

import os
import sys
from pathlib import Path

import pytest
from once import made_once
from paper_families import PAPER_FAMILIES
from snakemake_project import Project, clone

from tfscale.axes import adopt
from tfscale.study.families import builtin, family_of

CONDA = """#!/bin/sh
case "$1" in
  info) echo '{{"conda_prefix": "{folder}", "platform": "linux-64"}}' ;;
  config) echo '{{"get": {{"channel_priority": "strict"}}}}' ;;
  env) for prefix; do :; done; mkdir -p "$prefix" && ln -s "{folder}/bin" "$prefix/bin" ;;
  *) echo "conda 26.7.0" ;;
esac
"""
PYTHON = '#!/bin/sh\nexec "{python}" "$@"\n'
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


@pytest.fixture
def conda(tmp_path, monkeypatch):
    """A stand-in for conda on PATH: every environment that it makes has this Python."""
    folder = tmp_path / "conda"
    (folder / "bin").mkdir(parents=True)
    (folder / "bin/activate").write_text('export PATH="$1/bin:$PATH"\n')
    for name, text in {"conda": CONDA, "python": PYTHON}.items():
        (folder / "bin" / name).write_text(text.format(folder=folder, python=sys.executable))
        (folder / "bin" / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}/bin:{os.environ['PATH']}")


@pytest.fixture
def real_families(paper_families) -> None:
    """The paper's two families as their files declare them, for files that a real study wrote."""
    families = {name: family_of(name, builtin()[name]) for name in PAPER_FAMILIES}
    adopt({name: family.about | {"axes": family.axes} for name, family in families.items()})
