"""One cell fails: all others finish, the end says which and why, and it alone is tried again."""

import re
import resource
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import psutil
import pytest
from background import Running, cast, wait_for
from snakemake_project import CELLS, Project
from whole_study import differences, half_made

TARGET = CELLS[1]
MODEL = "mnist_layers6_batch16_conv3_input28"
RUN = f"results/runs/{TARGET}/round1.parquet"
TIMED, TRAINED = f"results/logs/runs/{TARGET}_round1.log", f"results/logs/train/{MODEL}.log"
PARTIAL = ("results/report.html", "--config", "partial=true")
SOME_BYTES = 1_000_000
TIMING = {"min_time_s": 3, "time_limit_s": 40}


@dataclass(frozen=True)
class Fault:
    """What happens to the target: what has to be said as the cause (a pattern), the blow to who
    works on it (in the job with this log), what is done to the study before and afterwards."""

    cause: str
    strike: Callable[[psutil.Process], None] | None = None
    who: str = "process"
    log: str = TIMED
    before: Callable[[Project], None] = lambda project: None
    after: Callable[[Project], None] = lambda project: None


def no_memory(process: psutil.Process) -> None:
    """Nothing more is given to the process, which has not loaded its model yet."""
    most = process.memory_info().vms + SOME_BYTES
    process.rlimit(resource.RLIMIT_AS, (most, most))


def no_space(process: psutil.Process) -> None:
    """No file of the process may grow any more, as on a full disk; the log neither."""
    process.rlimit(resource.RLIMIT_FSIZE, (0, 0))


def damage(project: Project) -> None:
    (project.root / f"results/models/{MODEL}/saved_model/saved_model.pb").write_bytes(b"damaged")


def without_model(project: Project) -> None:
    shutil.rmtree(project.root / f"results/models/{MODEL}")


NO_MEMORY = "MemoryError|ResourceExhausted|bad_alloc|OOM|allocate memory|SIGABRT|SIGSEGV|new thread"
KILLED = Fault("was killed by SIGKILL", psutil.Process.kill)
FAULTS = {
    "its job is killed": Fault("ended by SIGKILL", psutil.Process.kill, who="script"),
    "no memory is left": Fault(NO_MEMORY, no_memory),
    "it hangs": Fault("took longer than 40 s", psutil.Process.suspend),
    "no disk is left": Fault("File too large|No space", no_space),
    "its SavedModel is damaged": Fault(
        "has changed since it was written: delete", before=damage, after=without_model
    ),
    "its training is killed": Fault(
        KILLED.cause, psutil.Process.kill, log=TRAINED, before=without_model
    ),
}


@pytest.mark.long
@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_failing_cell_fails_alone_and_the_same_command_mends_the_study(finished, untimed, fault):
    project = untimed("failing", **TIMING)
    fail(project, fault)
    project.run()
    assert differences(finished.root, project.root) == []


def test_a_cell_whose_process_is_killed_fails_alone(untimed):
    project = untimed("failing", **TIMING)
    fail(project, KILLED)
    assert project.plan()["measure"] == 1


@pytest.mark.long
def test_a_failed_cell_is_named_in_a_partial_report_and_tried_again_alone(finished, untimed):
    project = untimed("failing", **TIMING)
    fail(project, KILLED)
    project.run(*PARTIAL)
    assert f"<code>{TARGET}</code>" in (project.root / "results/report.html").read_text()
    plan = project.plan()
    assert plan["measure"] == 1 and plan.get("train", 0) <= 1
    project.run(RUN)
    assert project.run_file(TARGET).exists()
    project.run()
    assert differences(finished.root, project.root) == []


def fail(project: Project, fault: Fault) -> None:
    """Time all cells, let the fault happen to one, and look whether all goes as promised."""
    fault.before(project)
    run = Running(project)
    assert strikes(fault, run) or not fault.strike, run.said
    assert run.wait() != 0
    done = {cell for cell in CELLS if project.run_file(cell).exists()}
    assert done == {*CELLS} - {TARGET}
    assert_said(run.said, fault)
    fault.after(project)
    assert half_made(project.root) == []


def strikes(fault: Fault, run: Running) -> int:
    """Strike everyone who comes until the study ends, as the first may have done its work just
    before the blow; how many came."""
    felt: set[int] = set()

    def ended() -> bool:
        process = cast(run.root, fault.log).get(fault.who)
        if fault.strike and process and process.pid not in felt:
            felt.add(process.pid)
            with suppress(psutil.NoSuchProcess):
                fault.strike(process)
        return run.status is not None

    wait_for(ended)
    return len(felt)


def assert_said(said: str, fault: Fault) -> None:
    """The end names the job, its cause, and how to try it again."""
    end = said[said.rfind(" jobs failed, after ") :]
    name, again = f"timing {TARGET}, round 1", f"snakemake {RUN}"
    if fault.log == TRAINED:
        name, again = f"making {MODEL}", f"results/models/{MODEL}/"
    (block,) = [block for block in end.split("FAILED  ") if block.startswith(name)] or [""]
    assert block, end
    assert re.search(fault.cause, block.partition("  cause ")[2].partition("\n")[0]), block
    assert again in block
