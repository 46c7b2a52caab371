"""How long and how large jobs are: first guess, cluster requests, pace.

The factors were fitted to a default study on a virtual machine of two CPUs (243 GFLOP/s, 37 GB/s)
and foretell one on another (108 GFLOP/s, 21 GB/s; see docs/scaling.md). They are a first guess,
which the measured durations of the study correct (`pace`).

Requests, not estimates: too small a one ends a job, too large a one lets it wait. Each further
attempt asks for twice as much.
"""

from collections.abc import Iterable, Iterator, Sequence
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
from tfscale.timing.protocol import NOTICEABLE, NS, SLOW_NS, VERY_SLOW_NS, calls_per_pass

USUAL_REFERENCE_S = 0.0093
QUIET_VISITS, BUSY_VISITS, BUSY_SHARE = 1.05, 1.6, 0.4
"""Visits of a run over its fewest, which make up for disturbed ones and for wide intervals: on a
quiet machine, and on one where `BUSY_SHARE` of the calibrations or more are slow."""


@dataclass(frozen=True)
class Speed:
    """The peak of one large matrix product and one large copy (read and written bytes) a second,
    the undisturbed time of the calibration kernel (s), and the share of slow calibrations. The
    defaults are those of a usual machine, for cluster requests and where nothing was looked at."""

    flop_per_s: float = 108e9
    bytes_per_s: float = 21e9
    reference_s: float = USUAL_REFERENCE_S
    slow_share: float = 0.0

    @property
    def start(self) -> float:
        """How many times as long as usual it takes to start anything: the kernel is in part a loop
        of Python."""
        return self.reference_s / USUAL_REFERENCE_S

    @property
    def more_visits(self) -> float:
        """Visits of a run over its fewest."""
        busy = min(self.slow_share / BUSY_SHARE, 1)
        return QUIET_VISITS + busy * (BUSY_VISITS - QUIET_VISITS)


def slow_share(times_s: Sequence[float], reference_s: float) -> float:
    """The share of calibrations (s) that were noticeably slower than the undisturbed one."""
    return sum(time_s > NOTICEABLE * reference_s for time_s in times_s) / len(times_s)


CALL_FLOP, CALL_BYTES, TRAINING_FLOP = 1.2, 1.2, 1.3
"""Times that arithmetic takes at the machine's peak, and kernels that have outgrown the caches (see
`traffic`) at its copying speed."""
TRAINING_BYTES = 50
"""Times that training copies the weights (a step) and the activations (an example), so to speak."""
EXAMPLES = {"mnist": 54_000, "text": 7_800}
VALIDATION = 1000
VOCABULARY = {"mnist": 0, "text": 18_765}
"""Of the full reviews: the real one is known only once they are encoded."""
TRAINING_START_S, RUN_START_S, VISIT_START_S, CALL_S = 1.8, 0.43, 0.49, 1.6e-4
"""At the usual speed of the calibration kernel."""
WARM_CALLS, WARM_S = 10, 1.0
FIXED_S = {
    "download": 5.0, "encode": 2.0, "calibrate": 5.0, "floor": 4.0, "merge": 4.0, "fit": 20.0,
    "plot": 4.0, "report": 3.0,
}  # fmt: skip
SHAPE_S = 2.0


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
    """Seconds of a run: its fresh processes."""
    timing = sections.protocol(config)
    call_s, start_s = _call_s(axes, speed), VISIT_START_S * speed.start
    if timing["protocol"] == "paper":
        inputs = config["evaluation"]["inputs"]
        process_s = timing["passes"] * calls_per_pass(inputs, axes["batch_size"]) * call_s
    else:
        process_s = call_s + _warm_s(call_s) + _timed_s(call_s, timing)
    return RUN_START_S * speed.start + timing["processes"] * (start_s + process_s)


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
    least_s = timing["min_time_s"]
    if NS * call_s > SLOW_NS:
        return ceil(least_s / call_s) * call_s
    return max(least_s, timing["min_calls"] * call_s)


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
    """A job: its rule, kind of model (may be empty), name for people, and estimated seconds."""

    rule: str
    kind: str
    name: str
    estimate_s: float

    @property
    def stage(self) -> str:
        """data, train, machine, time or analyse."""
        return stage_of(self.rule)


class Pace:
    """The tasks of a Snakemake run by job number, and what is known of their durations.

    What is left is kept as a sum a rule and kind of model: it is asked for at every job, of which
    there may be ten thousands.
    """

    def __init__(self, tasks: dict[int, Task], slots: int = 1, spread: bool = False):
        """`slots` jobs of other stages than timing run at once; with `spread` (a cluster) timing
        too."""
        self.tasks = tasks
        self._open = dict(tasks)
        self._slots, self._spread = max(1, slots), spread
        self._known: dict[tuple[str, str], tuple[float, float, int]] = {}
        self._left: dict[tuple[str, str], tuple[float, int]] = {}
        for task in tasks.values():
            self._add(task, 1)

    def learn(self, task: Task, took_s: float) -> None:
        """Take in that a task of this or an earlier Snakemake run took so many seconds."""
        for key in ((task.rule, task.kind), (task.rule, "")):
            took, estimated, count = self._known.get(key, (0.0, 0.0, 0))
            self._known[key] = (took + took_s, estimated + task.estimate_s, count + 1)
            if not task.kind:
                break

    def ended(self, job: int, took_s: float | None) -> None:
        """A job is over; `took_s` is None when it failed, which says nothing of the others."""
        task = self._open.pop(job, None)
        if task:
            self._add(task, -1)
        if task and took_s is not None:
            self.learn(task, took_s)

    @property
    def measured(self) -> bool:
        """Whether any duration of training or timing is known by measurement."""
        return any(rule in ("train", "measure") for rule, _ in self._known)

    def left_s(self, stage: str | None = None) -> float:
        """Seconds that the open tasks will take, of one stage or of all."""
        return sum(
            self._expected_s(key, estimated_s, count) / (self._slots if self._shares(key[0]) else 1)
            for key, (estimated_s, count) in self._left.items()
            if count and stage in (None, stage_of(key[0]))
        )

    def count(self, stage: str) -> int:
        """Open tasks of a stage."""
        return sum(count for (rule, _), (_, count) in self._left.items() if stage_of(rule) == stage)

    def _add(self, task: Task, times: int) -> None:
        estimated_s, count = self._left.get((task.rule, task.kind), (0.0, 0))
        self._left[task.rule, task.kind] = estimated_s + times * task.estimate_s, count + times

    def _shares(self, rule: str) -> bool:
        return self._spread or stage_of(rule) not in ALONE

    def _expected_s(self, key: tuple[str, str], estimated_s: float, count: int) -> float:
        """The estimate of `count` tasks times what such tasks took over what was estimated for
        them; a typical estimate itself counts like one more task."""
        known = self._known.get(key) or self._known.get((key[0], ""))
        if not known:
            return estimated_s
        took_s, guessed_s, tasks = known
        typical_s = guessed_s / tasks
        if not typical_s:
            return count * took_s / tasks
        return estimated_s * (took_s + typical_s) / (guessed_s + typical_s)


def stage_of(rule: str) -> str:
    """data, train, machine, time or analyse."""
    return STAGES.get(rule, ANALYSIS)


def stages_of(tasks: Iterable[Task]) -> list[str]:
    """The stages that occur, in the order in which they come."""
    order = [*dict.fromkeys(STAGES.values()), ANALYSIS]
    found = {task.stage for task in tasks}
    return [stage for stage in order if stage in found]


MOST_REMEMBERED = 500
TOUCHED_S = 0.1
"""A shorter training or run was not made but marked as made (--touch)."""


def tasks_ahead(workflow, study: Study, speed: Speed) -> dict[int, Task]:
    """The tasks that must run by their job number."""
    dag = workflow.dag
    jobs = (job for job in dag.needrun_jobs() if job.rule.name != "all")
    return {dag.jobid(job): _task(job, study, speed) for job in jobs}


def tasks_before(workflow, study: Study, speed: Speed) -> Iterator[tuple[Task, float]]:
    """Trainings and runs of earlier Snakemake runs with the seconds that each took: all, or some
    hundreds from all over the study where it has thousands, for each is a file to read."""
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
    config = study.config
    if rule == "train":
        axes = study.model(wildcards["trained"])
        estimate_s = training_s(axes, config, speed)
        return Task(rule, axes["model"], f"training {wildcards['trained']}", estimate_s)
    if rule == "measure":
        axes = study.cell(wildcards["cell"])
        name = f"timing {wildcards['cell']}, round {wildcards['number']}"
        return Task(rule, axes["model"], name, run_s(axes, config, speed))
    words = NAMES.get(rule, rule).format(**wildcards)
    return Task(rule, "", words, other_s(rule, len(study.shapes)))


NAMES = {
    "download": "downloading {file}", "encode": "encoding {model} at input size {size}",
    "calibrate": "looking at the machine", "floor": "timing the floor and the roofs",
    "merge": "merging the runs", "fit": "fitting the analysis",
    "plot": "drawing the figures of {model}", "report": "writing the report",
}  # fmt: skip
