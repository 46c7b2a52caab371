"""One cell fails: all others finish, the end says which and why, and it alone is tried again."""

import re
import resource
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass

import psutil
from background import Running, cast, wait_for
from snakemake_project import CELLS, Project

from torture.outcome import Outcome
from torture.place import Place
from torture.whole import differences, half_made

TITLE = "a failing cell fails alone"
TARGET = CELLS[1]
MODEL = "mnist_layers6_batch16_conv3_input28"
RUN = f"results/runs/{TARGET}/round1.parquet"
TIMED, TRAINED = f"results/logs/runs/{TARGET}_round1.log", f"results/logs/train/{MODEL}.log"
PARTIAL = ("results/report.html", "--config", "partial=true")
SOME_BYTES = 1_000_000

Cast = dict[str, psutil.Process]
"""Who works on the target, by role."""


@dataclass(frozen=True)
class Fault:
    """What happens to the target: who is struck, when there is one (of the job with this log), and
    what has to be said as the cause (a pattern)."""

    name: str
    cause: str
    strike: Callable[[Cast], None] | None = None
    who: str = "process"
    log: str = TIMED
    before: Callable[[Project], None] = lambda project: None
    after: Callable[[Project], None] = lambda project: None


def _signal(role: str, number: int) -> Callable[[Cast], None]:
    return lambda cast: cast[role].send_signal(number)


def _no_memory(cast: Cast) -> None:
    """Nothing more is given to the process, which has not loaded its model yet."""
    most = cast["process"].memory_info().vms + SOME_BYTES
    cast["process"].rlimit(resource.RLIMIT_AS, (most, most))


def _no_space(cast: Cast) -> None:
    """No file of the process may grow any more, as on a full disk; the log neither."""
    cast["process"].rlimit(resource.RLIMIT_FSIZE, (0, 0))


def _damage(project: Project) -> None:
    (project.root / f"results/models/{MODEL}/saved_model/saved_model.pb").write_bytes(b"damaged")


def _without_model(project: Project) -> None:
    shutil.rmtree(project.root / f"results/models/{MODEL}")


FAULTS = (
    Fault("its process is killed", "was killed by SIGKILL", _signal("process", signal.SIGKILL)),
    Fault("its job is killed", "ended by SIGKILL", _signal("script", signal.SIGKILL), "script"),
    Fault("no memory is left", "[Mm]emory|bad_alloc|SIGABRT|SIGSEGV|thread", _no_memory),
    Fault("it hangs", "took longer than 40 s", _signal("process", signal.SIGSTOP)),
    Fault("no disk is left", "File too large|No space", _no_space),
    Fault(
        "its SavedModel is damaged",
        "has changed since it was written: delete",
        before=_damage,
        after=_without_model,
    ),
    Fault(
        "its training is killed",
        "was killed by SIGKILL",
        _signal("process", signal.SIGKILL),
        log=TRAINED,
        before=_without_model,
    ),
)


def faults(place: Place) -> Iterator[Outcome]:
    """Each fault in a study whose runs are all still to be made; after the first one a partial
    report and the cell alone, after all the same command."""
    for number, fault in enumerate(FAULTS):
        project = place.copy(f"failing{number}")
        harm = struck(project, fault)
        harm += [] if number else _alone(project)
        harm += _mended(project, place.undisturbed)
        yield Outcome(f"one cell: {fault.name}", tuple(harm))
        shutil.rmtree(project.root)


def struck(project: Project, fault: Fault) -> list[str]:
    """Time all cells of a finished study again, let the fault happen to one, and return what did
    not go as promised."""
    shutil.rmtree(project.root / "results/runs")
    (project.root / "results/runs.parquet").unlink()
    project.configure(timing={"min_time_s": 0.5, "time_limit_s": 40})
    fault.before(project)
    run = Running(project)
    if fault.strike and not _strikes(project, run, fault):
        run.kill()
        return [f"no {fault.who} came: {run.said[-600:]}"]
    status = run.wait()
    found = [] if status else ["the study ended well"]
    others = [cell for cell in CELLS if cell != TARGET]
    found += [f"{cell} did not finish" for cell in others if not project.run_file(cell).exists()]
    found += ["the failed run is there"] if project.run_file(TARGET).exists() else []
    found += _unsaid(run.said, fault)
    fault.after(project)
    return found + half_made(project.root)


def _strikes(project: Project, run: Running, fault: Fault) -> bool:
    """Strike everyone who comes until the study ends, as the first may have done its work just
    before the blow; whether anyone came."""
    felt: set[int] = set()

    def ended() -> bool:
        seen = cast(project.root, fault.log)
        if fault.strike and fault.who in seen and seen[fault.who].pid not in felt:
            felt.add(seen[fault.who].pid)
            with suppress(psutil.NoSuchProcess):
                fault.strike(seen)
        return run.status is not None

    wait_for(ended)
    return bool(felt)


def _unsaid(said: str, fault: Fault) -> Iterator[str]:
    """What the end did not say."""
    end = said[said.rfind(" jobs failed, after ") :]
    name = f"making {MODEL}" if fault.log == TRAINED else f"timing {TARGET}, round 1"
    retry = f"results/models/{MODEL}/" if fault.log == TRAINED else f"snakemake {RUN}"
    blocks = end.split("FAILED  ")
    (block,) = [block for block in blocks if block.startswith(name)] or [""]
    cause = block.partition("  cause ")[2].partition("\n")[0]
    if not block:
        yield f"the end does not name it: {end[-600:]}"
    if not re.search(fault.cause, cause):
        yield f"the end does not say why: {cause!r}"
    if retry not in block:
        yield "the end does not say how to try it again"


def _alone(project: Project) -> Iterator[str]:
    """What is wrong with the partial report, and with the retry of the cell alone."""
    done = project.call(*PARTIAL)
    page = project.root / "results/report.html"
    if done.returncode or f"<code>{TARGET}</code>" not in page.read_text():
        yield f"no partial report that names it: {done.stdout[-600:]}"
    plan = project.plan()
    if plan.get("measure") != 1 or plan.get("train", 0) > 1:
        yield f"the same command does more than it: {plan}"
    alone = project.call(RUN)
    if alone.returncode or not project.run_file(TARGET).exists():
        yield f"alone it fails again: {alone.stdout[-600:]}"


def _mended(project: Project, undisturbed: Project) -> Iterator[str]:
    """What is wrong with the study after the same command."""
    whole = project.call()
    if whole.returncode:
        yield f"the same command fails: {whole.stdout[-600:]}"
    yield from differences(undisturbed.root, project.root)
