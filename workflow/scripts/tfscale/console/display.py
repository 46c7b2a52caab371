"""Bar and plain lines, blocks at start and end, failures.

Nothing is drawn between events: a clock that ticks would disturb what is timed.
"""

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from signal import Signals
from time import monotonic
from typing import IO

from tfscale.console.commands import Call
from tfscale.console.estimate import Pace, stages_of
from tfscale.study.study import Study
from tfscale.timing.protocol import fewest_for_interval
from tfscale.units import duration, ready_at
from tfscale.words import counted

PLAIN_STEP, PLAIN_PAUSE_S = 0.05, 300
BAR_WIDTH = 24
MOST_NAMED = 2


@dataclass(frozen=True)
class Progress:
    """How far a study is: jobs done, in all and failed, seconds left by stage, what runs now."""

    done: int
    total: int
    stages_s: Mapping[str, float]
    current: Sequence[str] = ()
    failed: int = 0

    @property
    def left_s(self) -> float:
        """Seconds left in all."""
        return sum(self.stages_s.values())

    @property
    def share(self) -> float:
        """Done of all, from 0 to 1."""
        return self.done / self.total if self.total else 1.0

    @property
    def words(self) -> str:
        """Percentage, jobs, and the time left when something is left."""
        left = f", about {duration(self.left_s)} left (ready at {ready_at(self.left_s)})"
        failed = f", {self.failed} failed" if self.failed else ""
        text = f"{int(100 * self.share)} % ({self.done} of {self.total} jobs{failed})"
        return text + (left if self.done < self.total and self.left_s > 0 else "")

    @property
    def by_stage(self) -> str:
        """The time left of each stage; empty when it is that of one stage."""
        left = [f"{name} {duration(left_s)}" for name, left_s in self.stages_s.items() if left_s]
        return " · ".join(left) if len(left) > 1 else ""

    @property
    def now(self) -> str:
        """What runs now in one line; of many jobs the first are named."""
        more = len(self.current) - MOST_NAMED
        return " · ".join(self.current[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


class Plain:
    """For logs: progress is a line now and then, after 5 % or 5 minutes."""

    def __init__(self, terminal: IO[str]):
        """Write to `terminal`."""
        self._terminal = terminal
        self._said, self._when_s = 0.0, monotonic()

    def line(self, text: str) -> None:
        """Print it."""
        print(text, file=self._terminal, flush=True)

    def progress(self, progress: Progress) -> None:
        """Print it when enough has changed since the last time."""
        further = progress.share - self._said
        waited_s = monotonic() - self._when_s
        if further >= PLAIN_STEP or (further > 0 and waited_s > PLAIN_PAUSE_S):
            self._said, self._when_s = progress.share, monotonic()
            stages = f": {progress.by_stage}" if progress.by_stage else ""
            self.line(f"-- {progress.words}{stages}")

    def stop(self) -> None:
        """Nothing stays on a log."""


class Bar:
    """For terminals: a bar with the current job below everything else (Rich)."""

    def __init__(self, terminal: IO[str]):
        """Draw on `terminal`."""
        from rich.console import Console
        from rich.live import Live

        self._console = Console(file=terminal)
        self._live = Live(
            console=self._console,
            auto_refresh=False,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._live.start()

    def line(self, text: str) -> None:
        """Print it above the bar."""
        self._console.print(text, markup=False, highlight=False, emoji=False, soft_wrap=True)

    def progress(self, progress: Progress) -> None:
        """Draw the bar anew."""
        from rich.console import Group
        from rich.progress_bar import ProgressBar
        from rich.table import Table
        from rich.text import Text

        first = Table.grid(padding=(0, 1))
        bar = ProgressBar(total=max(1, progress.total), completed=progress.done, width=BAR_WIDTH)
        first.add_row(bar, Text(progress.words, no_wrap=True, overflow="ellipsis"))
        more = [progress.by_stage and f"left: {progress.by_stage}", progress.now]
        texts = [
            Text(line, style="dim", no_wrap=True, overflow="ellipsis") for line in more if line
        ]
        self._live.update(Group(first, *texts), refresh=True)

    def stop(self) -> None:
        """Remove the bar and give the cursor back."""
        self._live.stop()


def display_on(terminal: IO[str]) -> Plain | Bar:
    """A bar on a terminal where Rich is installed (it comes with Keras), else plain lines."""
    if terminal.isatty() and os.environ.get("TERM", "dumb") != "dumb":
        try:
            return Bar(terminal)
        except ImportError:
            pass
    return Plain(terminal)


def start_block(
    study: Study, pace: Pace, results: str, models: str, notes: dict[str, list[str]]
) -> list[str]:
    """The lines of the block; `notes` are more lines by their heading."""
    kinds = " and ".join(study.models)
    what = "partial report of " if study.partial else ""
    rows = [("study", f"{what}{counted(len(study.cells), 'cell')} of {kinds}, {_data_of(study)}")]
    taken_out = Counter(study.excluded.values()).items()
    rows += [("excluded", f"{counted(count, 'cell')}: {reason}") for reason, count in taken_out]
    if study.missing:
        rows += [("missing", f"{counted(len(study.missing), 'cell')} with runs that are not there")]
    else:
        rows += [("there", _there(study, results, models))]
    rows += [(stage, _stage(stage, study, pace)) for stage in stages_of(pace.tasks.values())]
    basis = "by what was measured before" if pace.measured else "a first guess from FLOP"
    left_s = pace.left_s()
    rows += [("in all", f"about {duration(left_s)}, ready at {ready_at(left_s)} ({basis})")]
    for name, lines in notes.items():
        rows += [("" if i else name, line) for i, line in enumerate(lines)]
    rows += [("", line) for line in _too_few(study, pace)]
    return ["tfscale", *[f"  {name:<8} {words}" for name, words in rows]]


def _data_of(study: Study) -> str:
    """Where the data of its families comes from."""
    source = "built-in" if study.settings.datasets.source == "builtin" else "real"
    families = [study.families[name] for name in study.models]
    kinds = [source] * any(family.dataset for family in families)
    kinds += ["own"] * any(family.data is not None for family in families)
    return f"{' and '.join(kinds) or 'no'} data"


def _too_few(study: Study, pace: Pace) -> list[str]:
    """A warning when cells are to be timed too seldom for an interval."""
    timing = study.config["timing"]
    processes = timing["rounds"] * timing["processes"]
    wanted = fewest_for_interval(timing["coverage"])
    if not pace.count("time") or timing["protocol"] == "paper" or processes >= wanted:
        return []
    return [
        f"warning: timing.rounds x timing.processes makes {processes} of a cell, but an interval "
        f"takes {wanted}: cells will have a range"
    ]


def _there(study: Study, results: str, models: str) -> str:
    trained = sum(Path(path).exists() for path in study.facts_files(models))
    files = study.run_files(results)
    timed = sum(Path(path).exists() for path in files)
    return (
        f"{trained} of {counted(len(study.trained), 'trained model')}, "
        f"{timed} of {counted(len(files), 'run')}"
    )


def _stage(stage: str, study: Study, pace: Pace) -> str:
    count = pace.count(stage)
    kinds = {"train": "model", "convert": "conversion", "time": "run"}
    words = counted(count, kinds.get(stage, "job"))
    if stage == "time":
        words += f" ({counted(len(study.rounds), 'round')} over all cells)"
    return f"{words}, about {duration(pace.left_s(stage))}"


FAILED, RESULT = "Failed: ", "Result: "
MOST_LINES = 12
UNSAID = "it left no message in its log"


@dataclass(frozen=True)
class Failure:
    """A failed job: its name with the stage, the lines of its message, its log, and the retry."""

    name: str
    message: tuple[str, ...]
    log: str
    retry: str

    @property
    def unsaid(self) -> bool:
        """Whether it left no message."""
        return self.message[0].startswith(UNSAID)

    def block(self, whole: bool = False) -> str:
        """The lines for the console; `whole` with all that the message says."""
        cause, *more = self.message[:MOST_LINES]
        lines = [f"FAILED  {self.name}", f"  cause {cause}"]
        lines += [f"        {line}" for line in more] if whole else []
        return "\n".join([*lines, f"  log   {self.log or 'none'}", f"  retry {self.retry}"])


def failure_in(log: str) -> tuple[str, ...]:
    """The lines of the message that a failed job left at the end of its log (`jobs.log`)."""
    return tuple(line for line in _end_of(log, FAILED).splitlines() if line.strip())


def result_in(log: str) -> str:
    """The result that a job left at the end of its log; empty without one, or where the log
    cannot be seen from here (yet)."""
    return _end_of(log, RESULT).strip()


def _end_of(log: str, mark: str) -> str:
    """What follows the last `mark` at the begin of a line."""
    path = Path(log)
    text = path.read_text(encoding="utf-8", errors="replace") if log and path.is_file() else ""
    _, found, end = text.rpartition(f"\n{mark}")
    return end if found else ""


def ending(status: str | None, name: str | None) -> str:
    """How a job ended, by the status of its shell (over 128 a signal's) or its signal's name."""
    number = int(status or 0) - 128
    if number in {one.value for one in Signals}:
        name = Signals(number).name
    hint = ", as the kernel does for want of memory" if name == "SIGKILL" else ""
    return f"it was ended by {name}{hint}" if name else f"exit status {status}"


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


def report(ended: Ended, results: str, missing: dict[str, str], call: Call) -> list[str]:
    """The lines after a run that wrote the report; `missing` is what a partial one lacks."""
    path = Path(results, "fits", "findings.txt")
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    page = f"{results}/report.html"
    cells = "1 cell lacks" if len(missing) == 1 else f"{len(missing)} cells lack"
    lacking = [f"Partial: {cells} runs. To make them: {call.command(page)}"]
    return [
        *success(ended),
        *[f"  {line}" for line in text.partition("\n\n")[0].splitlines()],
        *(lacking if missing else []),
        f"Report: {Path(page).absolute()}",
    ]


def failure(failures: list[Failure], ended: Ended, call: Call, results: str) -> list[str]:
    """The lines after a run that did not end well: every cause again, and what to type."""
    if ended.stopped:  # what was at work then is no failure
        failures = [failed for failed in failures if not failed.unsaid]
    lines = [_how(failures, ended)]
    by_cause: dict[tuple[str, ...], list[Failure]] = {}
    for failed in failures:
        by_cause.setdefault(failed.message, []).append(failed)
    for first, *others in by_cause.values():
        lines += ["", first.block()]
        lines += [f"  same  {failed.name}; retry {failed.retry}" for failed in others]
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
