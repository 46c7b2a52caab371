"""What is made again although it is there and whole: why, what keeps it, how long it stays."""

from ast import literal_eval
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from tfscale.console.commands import Call
from tfscale.console.redo import other
from tfscale.jobs.entry import SHAPED
from tfscale.words import counted

DEAR = {"train": "trained model", "measure": "run"}
FIRST = ("encode", "collect", "convert")
"""Rules whose files are made once: when one is lost, all that needs it is made again with it, but
not when it is made alone before."""
VOUCH = ("--touch", "--until", "measure", "floor", "calibrate")
VOUCHED = "  # marked as made by this code and these settings: you vouch for them"
SECTION = {"protocol": "timing"}
"""Sections of the configuration that a rule calls otherwise."""
CALLED = {"timing.passes": "evaluation.passes"}
"""Keys that a rule has in another section."""
CODE = ("function", "by", "digest")
MOST_NAMED = 2


@dataclass(frozen=True)
class Cause:
    """Why something is made again and the command that keeps it; whether the user has `asked` for
    it, by another configuration or another version."""

    why: str
    keep: str
    asked: bool = True


def causes(workflow, call: Call) -> dict[Cause, str]:
    """Each cause with the trained models and runs that are there and would be made again; what is
    damaged, lost or forced does not count."""
    found: dict[Cause, Counter] = {}
    for job in [] if workflow.touch else workflow.dag.needrun_jobs():
        there = job.rule.name in DEAR and all(Path(path).exists() for path in job.output)
        if there and (cause := _cause(workflow, job, call)):
            found.setdefault(cause, Counter())[job.rule.name] += 1
    return {
        cause: " and ".join(counted(counts[rule], DEAR[rule]) for rule in DEAR if counts[rule])
        for cause, counts in found.items()
    }


def told(found: dict[Cause, str]) -> list[str]:
    """Each cause in a line, and what keeps what is there in the next."""
    lines = []
    for cause, amount in found.items():
        lines.append(f"{amount}: {cause.why}")
        lines += [f"to keep what is there: {cause.keep}"] if cause.keep else []
    return lines


def refusal(found: dict[Cause, str], call: Call) -> str:
    """What is said instead of starting when nobody has asked for what would be made again; empty
    when there is nothing."""
    unasked = {cause: amount for cause, amount in found.items() if not cause.asked}
    if not unasked:
        return ""
    lines = [
        f"Of what is there, {amount} would be made again: {cause.why}\n  to keep them: {cause.keep}"
        for cause, amount in unasked.items()
    ]
    rules = [rule for rule, name in DEAR.items() if any(name in one for one in unasked.values())]
    again = f"  to make them again: {call.command('--forcerun', *rules)}"
    return "\n".join(["Nothing was started.", *lines, again])


def _cause(workflow, job, call: Call) -> Cause | None:
    dag, rule = workflow.dag, job.rule.name
    reason = dag.reason(job)
    if job.rule in dag.forcerules:
        return None
    if reason.missing_output:
        return _lost(dag, call) if rule in FIRST else None
    if reason.forced:
        shaped = {name: job.params[name] for name in SHAPED if name in dict(job.params.items())}
        what = other(workflow, rule, job.output.get("sums") or job.output[0], shaped)
        why = f"other {what} made them, and Snakemake has no record of them here"
        return Cause(why, call.command(*VOUCH) + VOUCHED, asked=False) if what else None
    if reason.params_changed:
        return _changed(workflow, reason.params_changed, call)
    before = [one for one in dag.dependencies[job] if dag.needrun(one)]
    if not before:
        return Cause("what they were made of is newer", call.command(*VOUCH) + VOUCHED)
    first = min(before, key=lambda one: one.rule.name in FIRST)
    return _cause(workflow, first, call) or Cause("their model is trained again", "")


def _lost(dag, call: Call) -> Cause:
    """Data or conversions are to be made alone first."""
    first = (job for job in dag.needrun_jobs() if job.rule.name in FIRST)
    jobs = [job for job in first if dag.reason(job).missing_output]
    files = sorted(next(file for file in job.output if file != job.output.sums) for job in jobs)
    why = f"{', '.join(files[:MOST_NAMED])}{' and more' * (len(files) > MOST_NAMED)} is not there"
    return Cause(why, call.command(*files), asked=False)


def _changed(workflow, params, call: Call) -> Cause:
    """By Snakemake's comparison of parameters, each as Python writes it."""
    old, new = (
        {name: value for text in texts for name, value in _settings(text).items()}
        for texts in (params.only_old, params.only_new)
    )
    names = sorted(name for name in old | new if old.get(name) != new.get(name))
    settings = [name for name in names if name not in CODE]
    if "digest" in names:  # other code may ask for more or less than the old did
        settings = [name for name in settings if name in old and name in new]
    if not settings:
        return Cause("the code or its environment has changed", call.command(*VOUCH) + VOUCHED)
    said = [f"{name} was {old.get(name, 'not set')}" for name in settings[:MOST_NAMED]]
    more = f" and {len(settings) - MOST_NAMED} more" if len(settings) > MOST_NAMED else ""
    beside = f"{workflow.pathvars.apply('<results>')}/other"
    keep = call.command(f"{beside}/report.html", pathvars={"results": beside})
    return Cause(", ".join(said) + more, keep)


@cache
def _settings(text: str) -> dict[str, object]:
    return {CALLED.get(name, name): value for name, value in _flat(literal_eval(text))}


def _flat(value: object, name: str = "") -> Iterator[tuple[str, object]]:
    """The values of nested settings by the name that the configuration gives them."""
    if not isinstance(value, dict):
        yield name, value
        return
    for key, inner in value.items():
        yield from _flat(inner, f"{name}.{key}" if name else str(SECTION.get(key, key)))


def keep_old_runs(workflow) -> None:
    """Leave runs that were only asked for once more in their place until the new ones are there.

    Snakemake removes what a job makes when it starts; outputs with its flag `update` it leaves,
    and puts them back when the job fails.

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
