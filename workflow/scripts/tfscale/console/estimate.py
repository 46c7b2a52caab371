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

from tfscale.axes import Cell
from tfscale.study import config as sections
from tfscale.study.architecture import layers_of
from tfscale.study.grid import cost_flop
from tfscale.study.study import Study
from tfscale.study.work import (
    activation_bytes,
    flop_per_example,
    predicted_inputs,
    reread_kernel_bytes,
    training_budget,
    training_flop_per_example,
    weight_bytes,
)
from tfscale.timing.protocol import NS, SLOW_NS, VERY_SLOW_NS, calls_per_pass, calls_wanted

USUAL_REFERENCE_S = 0.0093


@dataclass(frozen=True)
class Speed:
    """The peak of one large matrix product and one large copy (read and written bytes) a second,
    and the undisturbed time of the calibration kernel (s). The defaults are those of a usual
    machine, for cluster requests and where nothing was looked at."""

    flop_per_s: float = 108e9
    bytes_per_s: float = 21e9
    reference_s: float = USUAL_REFERENCE_S

    @property
    def start(self) -> float:
        """How many times as long as usual it takes to start anything: the kernel is in part a loop
        of Python."""
        return self.reference_s / USUAL_REFERENCE_S


CALL_FLOP, CALL_BYTES, TRAINING_FLOP = 1.2, 1.2, 1.3
"""Times that arithmetic takes at the machine's peak, and kernels that have outgrown the caches (see
`traffic`) at its copying speed."""
TRAINING_BYTES = 50
"""Times that training copies the weights (a step) and the activations (an example), so to speak."""
EXAMPLES = {"mnist": 54_000, "text": 7_800}
VALIDATION = 1000
VOCABULARY = {"mnist": 0, "text": 18_765}
"""Of the full reviews: the real one is known only once they are encoded."""
TRAINING_START_S, RUN_START_S, PROCESS_START_S, CALL_S = 1.8, 0.43, 0.47, 1.6e-4
"""At the usual speed of the calibration kernel; a process loads its model."""
WARM_CALLS, WARM_S = 10, 1.0
FIXED_S = {
    "download": 5.0, "encode": 2.0, "calibrate": 5.0, "floor": 4.0, "merge": 4.0, "fit": 20.0,
    "plot": 4.0, "report": 3.0,
}  # fmt: skip
SHAPE_S = 0.6


def training_s(axes: Cell, config: dict, speed: Speed) -> float:
    """Seconds on one CPU of training a model and predicting the test inputs."""
    recipe, layers, batch_size = config["training"], layers_of(axes), axes["batch_size"]
    budget = training_budget(layers, recipe, batch_size, EXAMPLES[axes["model"]], VALIDATION)
    examples, validation = (
        recipe["epochs"] * count for count in (budget.examples, budget.validation)
    )
    forward = validation + predicted_inputs(layers, **sections.predicting(config))
    flop = examples * training_flop_per_example(layers) + forward * flop_per_example(layers)
    moved = examples / batch_size * weight_bytes(layers, VOCABULARY[axes["model"]])
    moved += (3 * examples + validation) * activation_bytes(layers)
    return (
        TRAINING_START_S * speed.start
        + TRAINING_FLOP * flop / speed.flop_per_s
        + TRAINING_BYTES * moved / speed.bytes_per_s
    )


def run_s(axes: Cell, config: dict, speed: Speed) -> float:
    """Seconds of a run: of its fresh processes, and of what starts them."""
    timing, call_s = sections.protocol(config), _call_s(axes, speed)
    if timing["protocol"] == "paper":
        inputs = config["evaluation"]["inputs"]
        called_s = timing["passes"] * calls_per_pass(inputs, axes["batch_size"]) * call_s
    else:
        called_s = call_s + _warm_s(call_s) + _timed_s(call_s, timing)
    process_s = PROCESS_START_S * speed.start + 2 * speed.reference_s + called_s
    return RUN_START_S * speed.start + timing["processes"] * process_s


def _call_s(axes: Cell, speed: Speed) -> float:
    reread = axes["batch_size"] * reread_kernel_bytes(layers_of(axes))
    work_s = CALL_FLOP * cost_flop(axes) / speed.flop_per_s
    work_s += CALL_BYTES * reread / speed.bytes_per_s
    return CALL_S * speed.start + work_s / axes["threads"]


def _warm_s(call_s: float) -> float:
    if NS * call_s > SLOW_NS:
        return 0.0 if NS * call_s > VERY_SLOW_NS else call_s
    return min(WARM_CALLS * call_s + 0.1, WARM_S)


def _timed_s(call_s: float, timing: dict) -> float:
    calls = max(calls_wanted(NS * call_s, timing["min_calls"]), ceil(timing["min_time_s"] / call_s))
    return calls * call_s


def other_s(rule: str, shapes: int) -> float:
    """Seconds of a job that neither trains nor times a cell; the floor has `shapes` shapes."""
    return FIXED_S.get(rule, 0.0) + (SHAPE_S * shapes if rule == "floor" else 0.0)


MEGA = 1_000_000
BASE_MB = 1500
"""Two Snakemake processes of 140 MB, the script and a child with TensorFlow, 340 MB each; room.
With 1,200 a run of a small cell was killed under Slurm, which adds up shared pages, at 1,272 MB."""
PIXEL_BYTES = {"mnist": 2, "text": 0}
"""Of all training images, one byte a pixel, and TensorFlow's copy."""
TRAINED_WEIGHTS, TRAINED_ACTIVATIONS = 6, 4
"""Weights, gradients and Adam's two moments; activations with their gradients; and room."""
SERVED_WEIGHTS, SERVED_ACTIVATIONS = 3, 2
"""A call was measured to take 1.1 times its activations above the loaded model."""
START_MIN, SLOWER = 5, 4
"""Minutes that every job gets, and how often slower than estimated a node may be."""


@dataclass(frozen=True)
class Needs:
    """What the jobs of a study ask a cluster for: memory in MB, run time in minutes."""

    study: Study

    def training_mb(self, trained: str, attempt: int) -> int:
        """Memory of training a model."""
        axes = self.study.model(trained)
        images = PIXEL_BYTES[axes["model"]] * EXAMPLES[axes["model"]] * axes["input_size"] ** 2
        needed = TRAINED_WEIGHTS * _weights(axes) + images
        return _mb(needed + TRAINED_ACTIVATIONS * _activations(axes), attempt)

    def training_min(self, trained: str, attempt: int) -> int:
        """Run time of training a model."""
        return _minutes(training_s(self.study.model(trained), self.study.config, Speed()), attempt)

    def run_mb(self, cell: str, attempt: int) -> int:
        """Memory of timing a cell."""
        axes = self.study.cell(cell)
        needed = SERVED_WEIGHTS * _weights(axes) + SERVED_ACTIVATIONS * _activations(axes)
        return _mb(needed, attempt)

    def run_min(self, cell: str, attempt: int) -> int:
        """Run time of timing a cell in one round."""
        return _minutes(run_s(self.study.cell(cell), self.study.config, Speed()), attempt)

    def floor_min(self, attempt: int) -> int:
        """Run time of timing the floor and the roofs."""
        return _minutes(other_s("floor", len(self.study.shapes)), attempt)


def _weights(axes: Cell) -> int:
    return weight_bytes(layers_of(axes), VOCABULARY[axes["model"]])


def _activations(axes: Cell) -> int:
    """Bytes of all outputs of a batch."""
    return axes["batch_size"] * activation_bytes(layers_of(axes))


def _mb(needed_bytes: int, attempt: int) -> int:
    return (BASE_MB + ceil(needed_bytes / MEGA)) * 2 ** (attempt - 1)


def _minutes(estimated_s: float, attempt: int) -> int:
    return (START_MIN + ceil(SLOWER * estimated_s / 60)) * 2 ** (attempt - 1)


STAGES = {
    "download": "data", "encode": "data", "train": "train", "calibrate": "machine",
    "floor": "machine", "measure": "time",
}  # fmt: skip
"""Every other rule belongs to the analysis."""
ANALYSIS = "analyse"
ALONE = ("machine", "time")
"""Stages whose jobs have the machine for themselves."""


@dataclass(frozen=True)
class Task:
    """A job: its rule, name for people, and estimated seconds."""

    rule: str
    name: str
    estimate_s: float

    @property
    def stage(self) -> str:
        """data, train, machine, time or analyse."""
        return stage_of(self.rule)


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
    """data, train, machine, time or analyse."""
    return STAGES.get(rule, ANALYSIS)


def stages_of(tasks: Iterable[Task]) -> list[str]:
    """The stages that occur, in the order in which they come."""
    order = [*dict.fromkeys(STAGES.values()), ANALYSIS]
    found = {task.stage for task in tasks}
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
        estimate_s = training_s(study.model(wildcards["trained"]), study.config, speed)
    elif rule == "measure":
        estimate_s = run_s(study.cell(wildcards["cell"]), study.config, speed)
    else:
        estimate_s = other_s(rule, len(study.shapes))
    return Task(rule, NAMES.get(rule, rule).format(**wildcards), estimate_s)


NAMES = {
    "download": "downloading {file}", "encode": "encoding {model} at input size {input_size}",
    "train": "training {trained}", "measure": "timing {cell}, round {round}",
    "calibrate": "looking at the machine", "floor": "timing the floor and the roofs",
    "merge": "merging the runs", "fit": "fitting the analysis",
    "plot": "drawing the figures of {model}", "report": "writing the report",
}  # fmt: skip
