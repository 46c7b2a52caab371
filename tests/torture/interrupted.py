"""A study that is started again and again by the same command, and killed in a stage."""

import shutil
import signal
import time
from pathlib import Path
from random import Random

from background import Running, all_gone, rules_at_work, wait_for
from snakemake_project import Project

from torture.outcome import Outcome
from torture.whole import differences, half_made

START = "start"
STAGES = (
    START,
    "encode",
    "train",
    "calibrate",
    "measure",
    "floor",
    "merge",
    "fit",
    "plot",
    "report",
)
ANY_ORDER = {"calibrate", "measure", "floor"}
"""Stages of which the scheduler may take one or another first."""
START_S = 6.0
"""From its call Snakemake reads, plans, locks and looks at the machine for about so long."""
GONE_S = 60.0
"""A warm parent that is still importing hears of the end when it has done so."""
LAST = ("results/runs.parquet", "results/report.html")
MADE_BY = {
    "encode": ("resources/encoded/builtin/*", "results/models/*", *LAST),
    "train": ("results/models/mnist_layers4*", *LAST),
    "calibrate": ("results/machine.json", "results/runs/*", *LAST),
    "floor": ("results/floor.parquet", *LAST),
    "measure": ("results/runs/mnist_layers6*", *LAST),
    "merge": LAST,
    "fit": ("results/fits/findings.parquet", LAST[1]),
    "plot": ("results/figures/mnist.json", LAST[1]),
    "report": (LAST[1],),
}
"""What is removed so that a stage is done once more."""
TAIL = 1500
TRIES = 4


class Interrupted:
    """One project, and how long (s) a job of each rule takes."""

    def __init__(self, project: Project, seconds: dict[str, float], chance: Random):
        self.project, self.seconds, self.chance = project, seconds, chance

    def kill_in(self, stage: str) -> Outcome:
        """Kill all of the process group at a random moment of a job of this stage."""
        for _ in range(TRIES):
            run = self._in(stage)
            if isinstance(run, Outcome):
                return run
            delay_s = self.chance.uniform(0, self.seconds.get(stage, START_S))
            time.sleep(delay_s)
            where = " and ".join(sorted(rules_at_work(self.project.root))) or "no job"
            if run.status is None:
                return self._kill(run, f"{delay_s:.2f} s into {stage} (at work: {where})")
            if run.status:
                break
            remove(self.project.root, MADE_BY.get(stage, LAST[1:]))  # it came too late
        why = f"ended with status {run.status}: {run.said[-TAIL:]}"
        return Outcome(f"SIGKILL in {stage}", (why,))

    def _kill(self, run: Running, moment: str) -> Outcome:
        run.kill(signal.SIGKILL)
        harm = [f"still there: {line}" for line in all_gone(self.project.root, GONE_S)]
        if run.status != -signal.SIGKILL:
            harm.append(f"ended with status {run.status}: {run.said[-TAIL:]}")
        return Outcome(f"SIGKILL of the group {moment}", (*harm, *half_made(self.project.root)))

    def finish(self, undisturbed: Project) -> Outcome:
        """Run the study to its end by the same command, and compare it with an undisturbed one."""
        run = Running(self.project)
        status = run.wait(900)
        if status:
            harm = [f"the same command ended with status {status}: {run.said[-TAIL:]}"]
        else:
            harm = differences(undisturbed.root, self.project.root)
            harm += [f"would do again: {self.project.plan()}"] if self.project.plan() else []
        return Outcome(f"{self.project.root.name}: equal to an undisturbed study", tuple(harm))

    def _in(self, stage: str) -> Running | Outcome:
        """A run in which a job of the stage has begun."""
        run = Running(self.project)
        for _ in range(2):
            if stage == START or self._comes(stage, run):
                return run
            if run.status not in (None, 0):
                break
            run.kill()  # the stage was done before: let it be done again
            remove(self.project.root, MADE_BY[stage])
            run = Running(self.project)
        if run.status is None:
            run.kill()
        why = f"no {stage} came; status {run.status}: {run.said[-TAIL:]}"
        return Outcome(f"SIGKILL in {stage}", (why,))

    def _comes(self, stage: str, run: Running) -> bool:
        """Wait until a job of the stage or of a later one runs, or all is over; whether it is of
        the stage."""
        from_it = set(STAGES[STAGES.index(stage) :])
        if stage in ANY_ORDER:
            from_it -= ANY_ORDER - {stage}
        wait_for(lambda: from_it & rules_at_work(self.project.root) or run.status is not None)
        return run.status is None and stage in rules_at_work(self.project.root)


def remove(root: Path, patterns: tuple[str, ...]) -> None:
    """Delete the files and folders under `root` that match."""
    for path in [path for pattern in patterns for path in root.glob(pattern)]:
        shutil.rmtree(path) if path.is_dir() else path.unlink()
