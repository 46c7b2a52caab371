"""Whether the runs that are there were timed on this machine and in this environment."""

import platform
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from tfscale.console.commands import CONDA, Call
from tfscale.console.environment import jobs_environment
from tfscale.files.whole import noted
from tfscale.jobs.surroundings import variables
from tfscale.study.study import Study
from tfscale.timing.machine import processor, system
from tfscale.timing.protocol import VARIABLE, VARIES
from tfscale.words import counted

VERSION = "version_"
NAMES = {
    "host": "host",
    f"{VERSION}python": "Python",
    f"{VERSION}tensorflow": "TensorFlow",
    f"{VERSION}keras": "Keras",
    "cpu_model": "processor",
    "system": "system",
}
"""What differs in words, the plainest first; all else has the name that the record gives it."""
UNSET = "not set"
MOST_TOLD = 4


def other_machines(workflow, call: Call, study: Study) -> list[str]:
    """What to know before runs are timed beside others that they will not be pooled with.

    A cluster's jobs run elsewhere, and nothing is known of them yet; with a `node_class` hosts are
    one machine. Other environments of the study are meant to differ.
    """
    jobs = [
        job
        for job in workflow.dag.jobs
        if job.rule.name == "measure" and not study.environment(job.wildcards.cell)
    ]
    there = [Path(job.output[0]) for job in jobs if not workflow.dag.needrun(job)]
    if not workflow.local_exec or len(there) == len(jobs):
        return []
    here = environment_here(workflow, call)
    if study.config.get("node_class"):
        del here["host"]
    records = (noted(path, "tfscale_record") for path in there)
    return told([record.get("environment", {}) for record in records], here, call)


def environment_here(workflow, call: Call) -> dict[str, str]:
    """What a run will record of this machine and its environment, as far as it is known now."""
    versions = {f"{VERSION}{name}": text for name, text in jobs_environment(workflow).items()}
    if CONDA not in call.options:
        versions[f"{VERSION}python"] = platform.python_version()
    settings = {f"{VARIABLE}{name}": text for name, text in variables().items()}
    return system() | processor() | settings | versions


def told(records: Iterable[dict[str, str]], here: dict[str, str], call: Call) -> list[str]:
    """The lines about those of the recorded environments that differ from `here`."""
    kinds = Counter(_differences(record, here) for record in records)
    del kinds[()]
    lines = []
    for differences, count in kinds.most_common():
        words = [f"{_name(key)} {one} there, {other} here" for key, one, other in differences]
        more = f" and {len(words) - MOST_TOLD} more" if len(words) > MOST_TOLD else ""
        lines.append(
            f"warning: of what is there, {counted(count, 'run')} will never be pooled with the "
            f"coming ones, as if of another machine: {'; '.join(words[:MOST_TOLD])}{more}"
        )
    return [*lines, f"to time all here: {call.command('--forcerun', 'measure')}"] if lines else []


def _differences(there: dict[str, str], here: dict[str, str]) -> tuple[tuple[str, str, str], ...]:
    """Key, value there and value here of all that decides about pooling and differs."""
    keys = {*here, *(key for key in there if key.startswith(VARIABLE))} - VARIES
    order = [*(key for key in NAMES if key in keys), *sorted(keys - NAMES.keys())]
    values = [(key, there.get(key, UNSET), here.get(key, UNSET)) for key in order]
    return tuple(value for value in values if not _same(*value))


def _same(key: str, there: str, here: str) -> bool:
    """Of conda's Python only the minor is known: 3.12 may be 3.12.4."""
    return there == here or (key == f"{VERSION}python" and there.startswith(f"{here}."))


def _name(key: str) -> str:
    return NAMES.get(key, key.removeprefix(VARIABLE))
