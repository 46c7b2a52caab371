"""What a study says at its end: findings, warnings and the report; or the failures once more."""

from dataclasses import dataclass
from pathlib import Path

from tfscale.analysis.warned import warnings_in
from tfscale.console.commands import Call
from tfscale.console.failures import UNSAID, Failure
from tfscale.durations import duration

FINDINGS, WARNINGS = 4, 6


@dataclass(frozen=True)
class Ended:
    """How far a run came: jobs done and in all, seconds, and whether the user stopped it."""

    done: int
    total: int
    took_s: float
    stopped: bool = False


def success(ended: Ended) -> list[str]:
    """The line after a run in which all went well."""
    jobs = f"{ended.total:,} job{'' if ended.total == 1 else 's'}"
    return [f"Done: {jobs} in {duration(ended.took_s)}."]


def report(ended: Ended, results: str, logs: str, missing: dict[str, str], call: Call) -> list[str]:
    """The lines after a run that wrote the report; `missing` is what a partial one lacks."""
    path = Path(results, "fits", "findings.txt")
    found = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    warned = warnings_in(f"{logs}/report.log")
    page = f"{results}/report.html"
    cells = "1 cell lacks" if len(missing) == 1 else f"{len(missing)} cells lack"
    lacking = [f"Partial: {cells} runs. To make them: {call.command(page)}"]
    return [
        *success(ended),
        *_listed("Findings", found, FINDINGS),
        *_listed("Before you trust a number", warned, WARNINGS),
        *(lacking if missing else []),
        f"Report: {Path(page).absolute()}",
    ]


def failure(failures: list[Failure], ended: Ended, call: Call, results: str) -> list[str]:
    """The lines after a run that did not end well: every failure again, and what to type."""
    if ended.stopped:
        failures = [failed for failed in failures if failed.cause != UNSAID]
    lines = [_how(failures, ended)]
    lines += [line for failed in failures for line in ("", failed.block())]
    again = call.command()
    part = call.command(f"{results}/report.html", partial="true")
    return [
        *lines,
        "",
        f"What is finished stays. To make what is missing: {again}",
        f"To report what is there: {part}  (--config goes last: it takes every word after it)",
    ]


def _how(failures: list[Failure], ended: Ended) -> str:
    time = duration(ended.took_s)
    if ended.stopped:
        return f"Stopped after {time}: {ended.done} of {ended.total} jobs are done."
    waited = ended.total - ended.done - len(failures)
    after = f"; {waited} more did not run because of that" if waited else ""
    return f"{len(failures)} of {ended.total} jobs failed, after {time}{after}:"


def _listed(title: str, lines: list[str], most: int) -> list[str]:
    if not lines:
        return []
    more = len(lines) - most
    tail = [f"  - and {more} more in the report"] if more > 0 else []
    return [f"{title}:", *[f"  - {line}" for line in lines[:most]], *tail]
