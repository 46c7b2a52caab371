"""One process of a timing job is killed or stopped: the others end by themselves, at once."""

import signal
from collections.abc import Iterator

import psutil
from background import Running, all_gone, cast, wait_for
from snakemake_project import CELLS, Project

from torture.outcome import Outcome
from torture.place import Place

TITLE = "signals to one process of a timing job: nobody of it stays"
LONG = {"min_time_s": 300, "time_limit_s": 600}
"""Processes that take minutes, on a busy machine, too: whoever outlives its job is seen."""
GONE_S = 60.0
CASES = [
    (role, number)
    for role in ("snakemake", "script", "warm", "process")
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGKILL)
    if role != "snakemake" or number == signal.SIGKILL  # else it lets the running job finish
]


def faults(place: Place) -> Iterator[Outcome]:
    """Every signal to every role, at a random moment of a process."""
    project = place.copy("orphans")
    project.configure(timing=LONG)
    chance = place.chance("orphans")
    for role, number in CASES:
        yield strike(project, role, number, chance.uniform(0, 3))


def strike(project: Project, role: str, number: signal.Signals, delay_s: float) -> Outcome:
    """Send a signal to one role of a timing job; all of it must be gone long before the process
    would end, and no run may look finished."""
    fault = f"{number.name} to the {role} {delay_s:.1f} s into a process"
    path = project.run_file(CELLS[1])
    path.unlink(missing_ok=True)
    run = Running(project, str(path.relative_to(project.root)))
    log = f"results/logs/runs/{CELLS[1]}_round1.log"
    if not wait_for(lambda: "process" in cast(project.root, log) or run.status is not None):
        return Outcome(fault, ("no process came",))
    wait_for(lambda: run.status is not None, delay_s)
    found = cast(project.root, log) | {"snakemake": psutil.Process(run.process.pid)}
    if role not in found:
        run.kill()
        return Outcome(fault, (f"no {role} found: {run.said[-800:]}",))
    found[role].send_signal(number)
    harm = [f"still there: {line}" for line in all_gone(project.root, GONE_S)]
    run.kill()
    if path.exists():
        harm.append("the run looks finished")
    return Outcome(fault, tuple(harm))
