"""The jobs that a Snakemake run is about to do, and how long earlier ones took."""

from collections.abc import Iterator
from math import ceil

from tfscale.console.estimate import other_s, run_s, training_s
from tfscale.console.pace import Task
from tfscale.console.speed import Speed
from tfscale.study.sections import is_further
from tfscale.study.study import Study

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
        walk, number = wildcards["walk"], int(wildcards["number"])
        estimate_s = run_s(axes, walk, config, speed, number)
        place = "round" if walk == "runs" else "sentinel"
        further = is_further(config["timing"], walk, number)
        kind = "further" if further else axes["model"]
        return Task(rule, kind, f"timing {wildcards['cell']}, {place} {number}", estimate_s)
    words = NAMES.get(rule, rule).format(**wildcards)
    return Task(rule, "", words, other_s(rule, len(study.shapes)))


NAMES = {
    "download": "downloading {file}", "encode": "encoding {model} at input size {size}",
    "calibrate": "looking at the machine", "floor": "timing the floor and the roofs",
    "merge": "merging the runs", "fit": "fitting the analysis",
    "plot": "drawing the figures of {model}", "report": "writing the report",
}  # fmt: skip
