"""One process of a timing job is killed or stopped: the others end by themselves, at once."""

import signal
from collections.abc import Iterator

import psutil
from background import Running, all_gone, cast, wait_for
from snakemake_project import CELLS, Project

from torture.outcome import Outcome
from torture.place import Place

TITLE = "signals to one process of a timing job: nobody of it stays"
LONG = {"min_time_s": 60}
"""Visits that take a minute: whoever outlives its job is seen."""
VISIT_GONE_S, GONE_S = 3.0, 15.0
CASES = [
    (role, number)
    for role in ("snakemake", "script", "warm", "job", "visit")
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGKILL)
    if role != "snakemake" or number == signal.SIGKILL  # else it lets the running job finish
]


def faults(place: Place) -> Iterator[Outcome]:
    """Every signal to every role, at a random moment of a visit."""
    project = place.copy("orphans")
    project.configure(timing=LONG)
    chance = place.chance("orphans")
    for role, number in CASES:
        yield strike(project, role, number, chance.uniform(0, 3))


def strike(project: Project, role: str, number: signal.Signals, delay_s: float) -> Outcome:
    """Send a signal to one role of a timing job; its visit must be gone at once, all others soon,
    and no run may look finished."""
    fault = f"{number.name} to the {role} {delay_s:.1f} s into a visit"
    path = project.run_file(CELLS[1])
    path.unlink(missing_ok=True)
    run = Running(project, str(path.relative_to(project.root)))
    log = f"results/logs/runs/{CELLS[1]}_round1.log"
    if not wait_for(lambda: "visit" in cast(project.root, log) or run.status is not None):
        return Outcome(fault, ("no visit came",))
    wait_for(lambda: run.status is not None, delay_s)
    found = cast(project.root, log) | {"snakemake": psutil.Process(run.process.pid)}
    if role not in found:
        run.kill()
        return Outcome(fault, (f"no {role} found: {run.said[-800:]}",))
    visit = found.get("visit")
    found[role].send_signal(number)
    harm = []
    if visit is not None and not wait_for(lambda: not _lives(visit), VISIT_GONE_S):
        harm.append(f"its visit still ran after {VISIT_GONE_S:g} s")
    harm += [f"still there: {line}" for line in all_gone(project.root, GONE_S)]
    if run.status is None:
        run.kill()
    if path.exists():
        harm.append("the run looks finished")
    return Outcome(fault, tuple(harm))


def _lives(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
