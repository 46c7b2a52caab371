"""Made-up studies, as the benches use them, before the real Snakemake."""

import re

import pytest

from bench.planning import NOTHING, rerun
from bench.used import snakemake
from bench.wide import WideStudy, grid, new_project
from bench.wide_files import write_files
from bench.wide_runs import all_runs, write_some

pytestmark = pytest.mark.long


def eight(config: dict) -> WideStudy:
    """A study of eight cells and two rounds of which nothing is there."""
    few = {"layers": [4, 6], "conv_size": [3], "batch_size": [1, 2, 3, 4]}
    config["grid"] = grid(100) | few
    config["datasets"]["source"] = "builtin"
    return WideStudy(new_project(config), 8)


def planned(said: str) -> dict[str, int]:
    """The number of jobs of each rule that a dry run announced."""
    return {rule: int(count) for rule, count in re.findall(r"^(\w+) +(\d+)$", said, re.M)}


@pytest.fixture
def finished_eight(config):
    """The same when nothing is to do in it."""
    made = eight(config)
    write_files(made)
    write_some(all_runs(made))
    assert NOTHING in rerun(made).said
    return made


def test_a_made_up_study_is_finished_until_its_timing_code_changes(finished_eight):
    root = finished_eight.root
    assert NOTHING in snakemake(root, "-n", "--workflow-profile", "profiles/wide").said
    with (root / "workflow/scripts/tfscale/timing/block.py").open("a") as module:
        module.write("# another line\n")
    said = snakemake(root, "-n").said
    counts = planned(said)
    assert counts["measure"] == len(all_runs(finished_eight))
    assert "train" not in counts and "encode" not in counts
    assert "Params have changed since last execution" in said


def test_a_wide_study_can_be_planned_in_batches(config):
    made = eight(config)
    first = planned(snakemake(made.root, "-n", "--batch", "merge=1/4").said)
    last = planned(snakemake(made.root, "-n").said)
    assert 0 < first["measure"] < last["measure"]
    assert "merge" not in first and last["merge"] == 1
    assert last["measure"] == len(all_runs(made))
