"""Runs that are timed again: an old one stays until the new one is there.

Snakemake removes what a job makes when it starts. Outputs with its flag `update` it leaves in
their place, and puts them back when the job fails.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any


def keep_old_runs(workflow) -> None:
    """Leave runs that were only asked for once more in their place until the new ones are there.

    A run of other settings goes as always: Snakemake notes the new ones for whatever lies there
    after a failed job, and would take it for up to date. On a cluster the node removes the old run.
    """
    for job in _timed_once_more(workflow) if workflow.local_exec else ():
        if not workflow.persistence.params_changed(job):
            job.output[0].flags["update"] = True


def time_next(workflow) -> None:
    """Have the next call time those runs that are still the old ones, as after a kill."""
    for job in _timed_once_more(workflow):
        if not workflow.dag.finished(job):
            workflow.persistence.started(job)


def _timed_once_more(workflow) -> Iterator[Any]:
    """The jobs of runs that are there and were asked for all the same (--forcerun)."""
    for job in workflow.dag.needrun_jobs():
        forced = job.rule.name == "measure" and workflow.dag.reason(job).forced
        if forced and Path(job.output[0]).exists():
            yield job
