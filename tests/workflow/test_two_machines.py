"""A study that is about to be split says so before anything is timed."""

import pandas as pd
import pytest
from snakemake_project import CELLS, Project

SPLIT = "will never be pooled with the coming ones, as if of another machine"


def timed_again(project: Project, cell: str) -> tuple[str, int]:
    """What is printed when a lost run is made, and how many machines the study has then."""
    project.run_file(cell).unlink()
    printed = project.run("results/cells.parquet")
    return printed, pd.read_parquet(project.root / "results/cells.parquet")["machine"].nunique()


@pytest.mark.long
def test_a_variable_that_splits_the_study_is_said_at_the_start(project, monkeypatch):
    monkeypatch.delenv("TF2_BEHAVIOR", raising=False)  # of a test that imported TensorFlow
    printed, machines = timed_again(project, CELLS[0])
    assert SPLIT not in printed and machines == 1
    monkeypatch.setenv("MALLOC_ARENA_MAX", "2")
    printed, machines = timed_again(project, CELLS[1])
    said = f"of what is there, 2 runs {SPLIT}: MALLOC_ARENA_MAX not set there, 2 here"
    assert printed.index(said) < printed.index(f"{CELLS[1]} …") and machines == 2
    assert "MALLOC_ARENA_MAX not set there, 2 here" in printed
