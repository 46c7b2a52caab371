"""Two at once: in one folder the second is refused, in two folders they are timed in turn."""

import shutil
import time
from collections.abc import Iterator

import pandas as pd
from background import Running, all_gone, rules_at_work, wait_for
from snakemake_project import Project

from torture.outcome import Outcome
from torture.place import Place
from torture.whole import differences

TITLE = "two at once, in one folder and in two"
LONGER = {"min_time_s": 1}


def faults(place: Place) -> Iterator[Outcome]:
    """A second snakemake in the folder; two studies in turn; one of two killed while it times."""
    yield _second_in_the_folder(place)
    yield _in_turn(place)
    yield _holder_killed(place)


def _second_in_the_folder(place: Place) -> Outcome:
    project = _untimed(place, "twice")
    first = Running(project)
    wait_for(lambda: "measure" in rules_at_work(project.root) or first.status is not None)
    second = project.call()
    harm = [] if second.returncode else ["the second was not refused"]
    if "Directory cannot be locked" not in second.stdout:
        harm.append(f"it does not say why: {second.stdout[-400:]}")
    harm += ["with a traceback"] if "Traceback" in second.stdout else []
    harm += [f"the first failed: {first.said[-800:]}"] if first.wait() else []
    harm += [] if harm else differences(place.undisturbed.root, project.root)
    return Outcome("a second snakemake in the same folder", tuple(harm))


def _in_turn(place: Place) -> Outcome:
    projects = [_untimed(place, name) for name in ("one", "other")]
    lock = {"TFSCALE_TIMING_LOCK": str(place.root / "in turn.lock")}
    runs = [Running(project, **lock) for project in projects]
    harm = [f"{run.root.name} failed: {run.said[-800:]}" for run in runs if run.wait()]
    if not harm:
        if not any(map(_waits, projects)):
            harm.append("no log says that it waits")
        harm += _overlaps(*[timed(project) for project in projects])
        for project in projects:
            harm += differences(place.undisturbed.root, project.root)
    return Outcome("two studies in two folders", tuple(harm))


def _holder_killed(place: Place) -> Outcome:
    projects = [_untimed(place, name) for name in ("killed", "waiting")]
    lock = {"TFSCALE_TIMING_LOCK": str(place.root / "killed.lock")}
    runs = [Running(project, **lock) for project in projects]
    wait_for(lambda: _waits(projects[1]) or runs[1].status is not None)
    runs[0].kill()
    harm = [f"still there: {line}" for line in all_gone(projects[0].root, 30)]
    if runs[1].wait():
        harm.append(f"the one that waited failed: {runs[1].said[-800:]}")
    else:
        harm += differences(place.undisturbed.root, projects[1].root)
    return Outcome("of two studies one is killed while the other waits", tuple(harm))


def _waits(project: Project) -> bool:
    """Whether a timing job has said that it waits for another study."""
    logs = project.root.glob("results/logs/runs/*.log")
    return any("waiting: another study" in log.read_text() for log in logs)


def _untimed(place: Place, name: str) -> Project:
    """A study that is trained and still to be timed."""
    project = place.copy(name)
    shutil.rmtree(project.root / "results/runs")
    (project.root / "results/runs.parquet").unlink()
    project.configure(timing=LONGER)
    return project


def timed(project: Project) -> list[tuple[float, float]]:
    """From when to when (s) each run was timed: from the start of its first process to the end of
    its last."""
    spans = []
    for path in sorted(project.root.glob("results/runs/*/round*.parquet")):
        processes = pd.read_parquet(path, columns=["started", "process_s"])
        starts = processes["started"].map(lambda moment: moment.timestamp())
        spans.append((starts.min(), (starts + processes["process_s"]).max()))
    return spans


def _overlaps(one: list[tuple[float, float]], other: list[tuple[float, float]]) -> Iterator[str]:
    for begin, end in one:
        for start, stop in other:
            if begin < stop and start < end:
                at = time.strftime("%H:%M:%S", time.localtime(max(begin, start)))
                yield f"both studies were timed at {at}"
