"""What the tests of faults share: copies of the finished study, and seeded chance."""

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest
from background import end_all
from snakemake_project import Project


@pytest.fixture(autouse=True)
def nobody_stays(tmp_path: Path) -> Iterator[None]:
    """Whoever is left by a test that failed ends with it."""
    if sys.platform != "linux":
        pytest.skip("processes are found and struck by /proc")
    yield
    end_all(tmp_path)


@pytest.fixture
def chance(request: pytest.FixtureRequest) -> Random:
    """Random numbers that depend on the test and on `make torture SEED=18`."""
    seed = f"{os.environ.get('SEED', '17')}/{request.node.name}"
    print("seed", seed)
    return Random(seed)


@pytest.fixture
def untimed(finished: Project, tmp_path: Path) -> Callable[..., Project]:
    """Makes copies of the finished study that are trained and still to be timed."""

    def copy(name: str, **timing: float) -> Project:
        project = finished.copy_to(tmp_path / name)
        shutil.rmtree(project.root / "results/runs")
        (project.root / "results/runs.parquet").unlink()
        project.configure(timing=timing)
        return project

    return copy
