"""What a run hands on to the next round of its cell."""

import pytest
from run_files import a_run

from tfscale.timing import run
from tfscale.timing.protocol import SoFar


def visit(p50_s: float, disturbed: bool = False) -> dict:
    return {"p50_s": p50_s, "disturbed": disturbed, "visit_s": 2.0}


def test_disturbed_visits_cost_time_but_count_for_nothing():
    first = SoFar().and_visits([visit(1.0), visit(9.0, disturbed=True)])
    assert first == SoFar([1.0], 4.0)
    assert first.and_visits([visit(1.1)]) == SoFar([1.0, 1.1], 6.0)
    assert first.and_visits([]) == first, "a further round without visits hands on what it got"


def test_rounds_of_another_environment_are_handed_on_but_are_none_of_this_one(
    tmp_path, monkeypatch
):
    """On a cluster the rounds of a cell may come from two kinds of node, in turn."""
    so_far = {"here": {"medians_s": [1.0], "spent_s": 2.0}, "there": {"medians_s": [3.0, 3.1]}}
    path = a_run(tmp_path, so_far=so_far)
    monkeypatch.setattr(run, "environment", dict)
    monkeypatch.setattr(run, "identity", lambda _: "here")
    assert run.earlier_rounds({"paths": [path]}) == {"so_far": so_far, "here": "here"}
    assert run.earlier_rounds({"paths": []}) == {"so_far": {}, "here": "here"}


def test_a_damaged_round_before_is_named(tmp_path):
    path = a_run(tmp_path)
    with open(path, "ab") as file:
        file.write(b"more")
    with pytest.raises(run.run_file.StudyError, match="is damaged: delete"):
        run.earlier_rounds({"paths": [path]})
