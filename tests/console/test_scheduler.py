"""Snakemake's limit of job starts: gone by default, kept when the user asks for one."""

from types import SimpleNamespace

import pytest
from snakemake.scheduling.job_scheduler import JobRateLimiter
from snakemake.settings.types import MaxJobsPerTimespan

from tfscale.console.console import still_while_jobs_run


def limited(text: str) -> SimpleNamespace:
    limiter = JobRateLimiter(MaxJobsPerTimespan.parse_choice(text))
    return SimpleNamespace(job_rate_limiter=limiter)


def test_the_default_limit_goes():
    scheduler = limited("100/1s")
    still_while_jobs_run(scheduler)
    assert scheduler.job_rate_limiter is None


@pytest.mark.parametrize("asked", ["1/1s", "100/1m"])
def test_a_users_limit_stays(asked):
    scheduler = limited(asked)
    still_while_jobs_run(scheduler)
    assert scheduler.job_rate_limiter.max_jobs == int(asked.split("/")[0])


def test_a_scheduler_without_a_limit_is_left_alone():
    scheduler = SimpleNamespace(job_rate_limiter=None)
    still_while_jobs_run(scheduler)
    still_while_jobs_run(None)
    assert scheduler.job_rate_limiter is None
