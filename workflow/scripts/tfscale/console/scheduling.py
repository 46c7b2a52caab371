"""Keeps Snakemake itself still while a cell is timed."""

from typing import Any

DEFAULT = (100, 1)
"""Jobs and seconds of Snakemake's own limit of job starts."""


def still_while_jobs_run(scheduler: Any) -> None:
    """Take the default limit of job starts off Snakemake's scheduler, if it has it.

    Under a limit the scheduler looks at all waiting jobs again a second after every look, and with
    each job that ends one more such chain of looks begins (`schedule` in Snakemake 9.27's
    job_scheduler.py): after 60 of 236 timed runs it used 39 % of the CPU beside the timed one.
    A limit that the user has set stays.
    """
    limit = getattr(scheduler, "job_rate_limiter", None)
    if limit is not None and (limit.max_jobs, limit.timespan) == DEFAULT:
        scheduler.job_rate_limiter = None
