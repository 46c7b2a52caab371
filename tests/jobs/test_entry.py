"""A job's function gets what it names, and its process knows the study's families."""

import sys
from types import ModuleType

import pytest
from paper_families import PAPER_FAMILIES

from tfscale import axes
from tfscale.jobs.entry import call
from tfscale.jobs.processes import fresh

OWN = {
    "mine": {
        "title": "One of the user's own",
        "axes": {
            "width": {"kind": "int", "short": "w"},
            "alpha": {"kind": "float", "default": 0.5},
            "act": {"kind": "str"},
            "shift": {"kind": "int", "positive": False},
        },
        "trained": True,
    }
}
CELL = {"model": "mine", "width": 8, "alpha": 0.5, "act": "gelu", "shift": 0, "batch_size": 2}


@pytest.fixture
def job(monkeypatch) -> ModuleType:
    """A module of a job's functions."""
    made = ModuleType("a_job")
    monkeypatch.setitem(sys.modules, "a_job", made)
    return made


def test_a_function_gets_what_it_names(job):
    job.named = lambda cells, cells_path, threads, inputs, outputs: [
        cells,
        cells_path,
        threads,
        sorted(inputs),
        sorted(outputs),
    ]
    files = {"cells": "c.parquet", "runs": "r.parquet"}
    settings = {"threads": 2, "families": {}, "unused": 1}
    assert call("a_job:named", files, {"page": "p"}, settings) == [
        "c.parquet",
        "c.parquet",
        2,
        ["cells", "runs"],
        ["page"],
    ]


def test_families_are_taken_in_before_the_function_runs(job):
    job.seen = lambda: (list(axes.FAMILIES), list(axes.SHAPES), axes.cell_name(CELL))
    assert call("a_job:seen", {}, {}, {"families": OWN}) == (
        ["mine"],
        ["width", "alpha", "act", "shift"],
        "mine_w8_batch2_actgelu_shift0",
    )
    assert axes.FACTORS == ["width", "alpha", "batch_size", "threads"]
    assert axes.CATEGORIES == ["act", "shift", "precision", "jit", "runtime", "environment"]
    assert axes.FAMILIES["mine"].trained and axes.FAMILIES["mine"].paper is None


def test_a_job_that_is_told_of_none_keeps_those_that_are_known(job):
    job.seen = lambda: list(axes.FAMILIES)
    assert call("a_job:seen", {}, {}, {"seed": 1}) == list(PAPER_FAMILIES)


def test_families_are_taken_in_before_what_is_imported_with_the_function(tmp_path, monkeypatch):
    """A module may look at the axes when it is read."""
    (tmp_path / "reads_axes.py").write_text(
        "from tfscale.axes import SHAPES\nFOUND = list(SHAPES)\ndef found(): return FOUND\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    assert call("reads_axes:found", {}, {}, {"families": OWN}) == list(OWN["mine"]["axes"])
    del sys.modules["reads_axes"]


def test_a_fresh_process_knows_them_too():
    arguments = {
        "function": "tfscale.axes:defaults",
        "inputs": {},
        "outputs": {},
        "settings": {"families": OWN, "model": "mine"},
    }
    found = fresh("tfscale.jobs.entry:call", arguments, 120, "exec")
    assert found == {
        "alpha": 0.5,
        "threads": 1,
        "precision": "float32",
        "jit": False,
        "runtime": "tensorflow",
        "environment": "own",
    }
