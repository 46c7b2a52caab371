"""Kill at any time: the whole process group, at random moments of every stage; then the power is
cut, so that what was not finished is found in any state, or not at all."""

import shutil
import signal
import time
from pathlib import Path
from random import Random

import pytest
from background import Running, all_gone, rules_at_work, wait_for
from snakemake_project import Project
from whole_study import cut_power, differences, half_made

pytestmark = pytest.mark.long

LAST = ("results/runs.parquet", "results/report.html")
STAGES = {
    "start": (6, ".snakemake", "results/[!R]*", "resources/[!R]*"),
    "encode": (3, "resources/encoded/builtin/*", "results/models/*", *LAST),
    "train": (8, "results/models/mnist_layers4*", *LAST),
    "calibrate": (8, "results/machine.json", LAST[1]),
    "measure": (6, "results/runs/mnist_layers6*", *LAST),
    "floor": (8, "results/floor.parquet", *LAST),
    "merge": (2, *LAST),
    "fit": (3, "results/fits/findings.parquet", LAST[1]),
    "plot": (8, "results/figures/mnist.json", LAST[1]),
    "report": (3, LAST[1]),
}
"""In their order: about how long (s) a job takes when it has to import its libraries, and what is
removed to do it once more."""
ANY_ORDER = {"calibrate", "measure", "floor"}
"""Stages of which the scheduler may take one or another first."""
TRIES = 8


@pytest.mark.parametrize("stage", STAGES)
def test_a_study_killed_in_any_stage_equals_an_undisturbed_one(finished, tmp_path, chance, stage):
    project = finished.copy_to(tmp_path / "killed ü")
    undo(project.root, stage)
    for _ in range(3):
        kill_in(stage, project, chance)
        assert all_gone(project.root) == []
        assert half_made(project.root) == []
    print("files lost or damaged:", cut_power(project.root, chance))
    assert half_made(project.root) == []
    project.run()
    assert differences(finished.root, project.root) == []
    assert project.plan() == {}


def kill_in(stage: str, project: Project, chance: Random) -> None:
    """Kill all of the process group at a random moment of a job of this stage, which is done again
    where it was over."""
    for _ in range(TRIES):
        run = Running(project)
        if comes(stage, run):
            delay_s = chance.uniform(0, STAGES[stage][0])
            time.sleep(delay_s)
            if run.status is None:
                at_work = " and ".join(sorted(rules_at_work(project.root)))
                print(f"SIGKILL {delay_s:.2f} s into {stage}, at work: {at_work or 'no job'}")
                run.kill()
                assert run.status == -signal.SIGKILL, run.said
                return
        assert run.status in (None, 0), run.said
        run.kill()
        undo(project.root, stage)
    pytest.fail(f"it was never killed in {stage}: {run.said}")


def comes(stage: str, run: Running) -> bool:
    """Wait until a job of the stage or of a later one runs, or all is over; whether it is of the
    stage."""
    if stage == "start":
        return True
    order = list(STAGES)
    later = set(order[order.index(stage) + 1 :]) - (ANY_ORDER if stage in ANY_ORDER else set())
    wait_for(lambda: {stage, *later} & rules_at_work(run.root) or run.status is not None)
    return stage in rules_at_work(run.root)


def undo(root: Path, stage: str) -> None:
    """Delete what the stage has made."""
    for path in [path for pattern in STAGES[stage][1:] for path in root.glob(pattern)]:
        shutil.rmtree(path) if path.is_dir() else path.unlink()
