"""Made-up studies, as the benches use them, before the real Snakemake."""

import re

import pytest

from bench.planning import NOTHING, rerun
from bench.used import snakemake
from bench.wide import WideStudy, grid, new_project
from bench.wide_files import write_files
from bench.wide_runs import all_runs, write_some


@pytest.fixture
def finished_eight(config):
    """A made-up study of eight cells and two rounds in which nothing is to do."""
    few = {"layers": [4, 6], "conv_size": [3], "batch_size": [1, 2, 3, 4]}
    config["grid"] = grid(100) | few
    config["datasets"]["source"] = "builtin"
    made = WideStudy(new_project(config), 8)
    write_files(made)
    write_some(all_runs(made))
    assert NOTHING in rerun(made).said
    return made


def test_a_made_up_study_is_finished_until_its_timing_code_changes(finished_eight):
    root = finished_eight.root
    assert NOTHING in snakemake(root, "-n", "--workflow-profile", "profiles/wide").said
    with (root / "workflow/scripts/tfscale/timed_block.py").open("a") as module:
        module.write("# another line\n")
    said = snakemake(root, "-n").said
    counts = dict(re.findall(r"^(\w+) +(\d+)$", said, re.M))
    assert int(counts["measure"]) == len(all_runs(finished_eight))
    assert "train" not in counts and "encode" not in counts
    assert "Params have changed since last execution" in said
