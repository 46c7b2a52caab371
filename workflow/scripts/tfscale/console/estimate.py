"""How long and how large jobs are: first guess, cluster requests, pace.

The factors were fitted to a default study on a virtual machine of two CPUs (243 GFLOP/s, 37 GB/s)
and foretell one on another (108 GFLOP/s, 21 GB/s; see docs/scaling.md). They are a first guess,
which the measured durations of the study correct (`pace`).

Requests, not estimates: too small a one ends a job, too large a one lets it wait. Each further
attempt asks for twice as much.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import ceil

from tfscale.study import config as sections
from tfscale.study.budget import BACKWARD_FACTOR, predicted_inputs, training_budget
from tfscale.study.study import Study
from tfscale.timing.protocol import NS, SLOW_NS, VERY_SLOW_NS, calls_per_pass, calls_wanted

USUAL_CALIBRATION_S = 0.0093


@dataclass(frozen=True)
class Speed:
    """FLOP a second of a large matrix product and seconds of the calibration kernel: means on the
    machine as it is, busy or not. The defaults are those of a usual machine, for cluster requests
    and where nothing was looked at."""

    flop_per_s: float = 108e9
    calibration_s: float = USUAL_CALIBRATION_S

    @property
    def start(self) -> float:
        """How many times as long as usual it takes to start anything: the kernel is in part a loop
        of Python."""
        return self.calibration_s / USUAL_CALIBRATION_S


CALL_FLOP, TRAINING_FLOP = 1.3, 2.9
"""Times that arithmetic takes at the machine's peak, with what it has to move."""
USUAL_FLOP = 1e8
"""Of an example, where a family has no estimate of its own (`flop`)."""
EXAMPLES = {"fashion-mnist": 54_000, "movie-reviews": 7_800}
OWN_EXAMPLES, VALIDATION = 10_000, 1000
BUILD_S, TRAINING_START_S, RUN_START_S, PROCESS_START_S, CALL_S = 2.5, 3.0, 0.43, 0.47, 1.6e-4
"""At the usual speed of the calibration kernel; a process loads its model."""
WARM_CALLS, WARM_S = 10, 1.0
ANALYSIS = "analyse"
JOBS = {
    "download": ("data", 5.0),
    "encode": ("data", 2.0),
    "collect": ("data", 3.0),
    "train": ("train", 0.0),
    "convert": ("convert", 5.0),
    "calibrate": ("machine", 5.0),
    "floor": ("machine", 4.0),
    "measure": ("time", 0.0),
    "count": (ANALYSIS, 2.5),
    "merge": (ANALYSIS, 3.0),
    "fit": (ANALYSIS, 10.0),
    "report": (ANALYSIS, 3.0),
}
"""The stage of each rule and the seconds of a job, besides what it trains or times; of the analysis
at the usual speed of the calibration kernel."""
PLOT_S, SHAPE_S = 12.0, 0.6


def training_s(study: Study, trained: str, speed: Speed) -> float:
    """Seconds on one CPU of making a model, and predicting the test inputs where it is trained."""
    axes = study.model(trained)
    family, flop = study.families[axes["model"]], study.flop(axes) or USUAL_FLOP
    if not family.trained:
        return BUILD_S * speed.start
    recipe, offered = study.config["training"], EXAMPLES.get(family.dataset or "", OWN_EXAMPLES)
    budget = training_budget(flop, recipe, axes["batch_size"], offered, VALIDATION)
    examples = recipe["epochs"] * (BACKWARD_FACTOR * budget.examples + budget.validation)
    examples += predicted_inputs(flop, **sections.predicting(study.config))
    return TRAINING_START_S * speed.start + TRAINING_FLOP * flop * examples / speed.flop_per_s


def run_s(study: Study, cell: str, speed: Speed) -> float:
    """Seconds of a run: of its fresh processes, and of what starts them."""
    axes, timing = study.cell(cell), sections.protocol(study.config)
    flop = axes["batch_size"] * (study.flop(axes) or USUAL_FLOP) / axes["threads"]
    call_s = CALL_S * speed.start + CALL_FLOP * flop / speed.flop_per_s
    if timing["protocol"] == "paper":
        inputs = study.config["evaluation"]["inputs"]
        called_s = timing["passes"] * calls_per_pass(inputs, axes["batch_size"]) * call_s
    else:
        called_s = call_s + _warm_s(call_s) + _timed_s(call_s, timing)
    process_s = PROCESS_START_S * speed.start + 2 * speed.calibration_s + called_s
    return RUN_START_S * speed.start + timing["processes"] * process_s


def _warm_s(call_s: float) -> float:
    if NS * call_s > SLOW_NS:
        return 0.0 if NS * call_s > VERY_SLOW_NS else call_s
    return min(WARM_CALLS * call_s + 0.1, WARM_S)


def _timed_s(call_s: float, timing: dict) -> float:
    calls = max(calls_wanted(NS * call_s, timing["min_calls"]), ceil(timing["min_time_s"] / call_s))
    return calls * call_s


def other_s(rule: str, shapes: int, speed: Speed) -> float:
    """Seconds of a job that neither makes nor times a model; the floor has `shapes` shapes."""
    stage, seconds = JOBS.get(rule, (ANALYSIS, PLOT_S if rule.startswith("plot") else 0.0))
    if rule == "floor":
        return seconds + SHAPE_S * shapes
    return seconds * (speed.start if stage == ANALYSIS else 1)


MAKING_MB, RUN_MB = 4000, 3000
"""What the default study's largest models were measured to need, with room. A job that needs more
asks for twice as much when it is tried again."""
START_MIN, SLOWER = 5, 4
"""Minutes that every job gets, and how often slower than estimated a node may be."""


@dataclass(frozen=True)
class Needs:
    """What the jobs of a study ask a cluster for: memory in MB, run time in minutes."""

    study: Study

    def training_mb(self, attempt: int) -> int:
        """Memory of making a model."""
        return MAKING_MB * 2 ** (attempt - 1)

    def training_min(self, trained: str, attempt: int) -> int:
        """Run time of making a model."""
        return _minutes(training_s(self.study, trained, Speed()), attempt)

    def run_mb(self, attempt: int) -> int:
        """Memory of timing a cell."""
        return RUN_MB * 2 ** (attempt - 1)

    def run_min(self, cell: str, attempt: int) -> int:
        """Run time of timing a cell in one round."""
        return _minutes(run_s(self.study, cell, Speed()), attempt)

    def floor_min(self, attempt: int) -> int:
        """Run time of timing the floor and the roofs."""
        return _minutes(other_s("floor", self.study.shapes, Speed()), attempt)


def _minutes(estimated_s: float, attempt: int) -> int:
    return (START_MIN + ceil(SLOWER * estimated_s / 60)) * 2 ** (attempt - 1)


ALONE = ("machine", "time")
"""Stages whose jobs have the machine for themselves."""


@dataclass(frozen=True)
class Task:
    """A job: its rule, name for people, and estimated seconds."""

    rule: str
    name: str
    estimate_s: float


class Pace:
    """The tasks of a Snakemake run by job number, and what is known of their durations."""

    def __init__(self, tasks: dict[int, Task], slots: int = 1, spread: bool = False):
        """`slots` jobs of other stages than timing run at once; with `spread` (a cluster) timing
        too."""
        self.tasks = tasks
        self._open = dict(tasks)
        self._slots, self._spread = max(1, slots), spread
        self._took_s: dict[str, float] = defaultdict(float)
        self._guessed_s: dict[str, float] = defaultdict(float)
        self._left_s: dict[str, float] = defaultdict(float)
        self._count: dict[str, int] = defaultdict(int)
        self._known: dict[str, int] = defaultdict(int)
        for task in tasks.values():
            self._left_s[task.rule] += task.estimate_s
            self._count[task.rule] += 1

    def learn(self, task: Task, took_s: float) -> None:
        """Take in that a task of this or an earlier Snakemake run took so many seconds."""
        self._took_s[task.rule] += took_s
        self._guessed_s[task.rule] += task.estimate_s
        self._known[task.rule] += 1

    def ended(self, job: int, took_s: float | None) -> None:
        """A job is over; `took_s` is None when it failed, which says nothing of the others."""
        if task := self._open.pop(job, None):
            self._left_s[task.rule] -= task.estimate_s
            self._count[task.rule] -= 1
            if took_s is not None:
                self.learn(task, took_s)

    @property
    def measured(self) -> bool:
        """Whether any duration of training or timing is known by measurement."""
        return bool(self._known["train"] + self._known["measure"])

    def left_s(self, stage: str | None = None) -> float:
        """Seconds that the open tasks will take, of one stage or of all."""
        rules = [rule for rule, count in self._count.items() if count]
        return sum(
            self._left_s[rule] * self._factor(rule) / self._share(stage_of(rule))
            for rule in rules
            if stage in (None, stage_of(rule))
        )

    def count(self, stage: str) -> int:
        """Open tasks of a stage."""
        return sum(count for rule, count in self._count.items() if stage_of(rule) == stage)

    def _share(self, stage: str) -> int:
        """How many jobs of a stage run at once."""
        return self._slots if self._spread or stage not in ALONE else 1

    def _factor(self, rule: str) -> float:
        """What such tasks took over what was estimated for them; a typical estimate itself counts
        like one more task."""
        if not self._guessed_s[rule]:
            return 1.0
        typical_s = self._guessed_s[rule] / self._known[rule]
        return (self._took_s[rule] + typical_s) / (self._guessed_s[rule] + typical_s)


def stage_of(rule: str) -> str:
    """data, train, convert, machine, time or analyse."""
    return JOBS.get(rule, (ANALYSIS, 0.0))[0]


def stages_of(tasks: Iterable[Task]) -> list[str]:
    """The stages that occur, in the order in which they come."""
    order = dict.fromkeys(stage for stage, _ in JOBS.values())
    found = {stage_of(task.rule) for task in tasks}
    return [stage for stage in order if stage in found]


MOST_REMEMBERED = 200
TOUCHED_S = 0.1
"""A shorter training or run was not made but marked as made (--touch)."""


def tasks_ahead(workflow, study: Study, speed: Speed) -> dict[int, Task]:
    """The tasks that must run by their job number."""
    dag = workflow.dag
    jobs = (job for job in dag.needrun_jobs() if job.rule.name != "all")
    return {dag.jobid(job): _task(job, study, speed) for job in jobs}


def tasks_before(workflow, study: Study, speed: Speed) -> Iterator[tuple[Task, float]]:
    """Trainings and runs of earlier Snakemake runs with the seconds that each took; where there
    are many, some from all over the study: each is a file to read."""
    dag = workflow.dag
    for rule in ("train", "measure"):
        done = [job for job in dag.jobs if job.rule.name == rule and not dag.needrun(job)]
        for job in done[:: ceil(len(done) / MOST_REMEMBERED) or 1]:
            record = workflow.persistence.metadata(job.output[0])
            if record and record.starttime and record.endtime:
                took_s = record.endtime - record.starttime
                if took_s > TOUCHED_S:
                    yield _task(job, study, speed), took_s


def _task(job, study: Study, speed: Speed) -> Task:
    rule, wildcards = job.rule.name, dict(job.wildcards_dict)
    if rule == "train":
        estimate_s = training_s(study, wildcards["trained"], speed)
    elif rule == "measure":
        estimate_s = run_s(study, wildcards["cell"], speed)
    else:
        estimate_s = other_s(rule, study.shapes, speed)
    return Task(rule, job.message[:1].lower() + job.message[1:], estimate_s)
