"""The console: a handler of Snakemake's log.

Jobs are processes that inherit file descriptor 2. It becomes a pipe, whose lines are handed on as
they come, and the real terminal stays open under another number, which jobs do not inherit.

A logger plugin is found only as an installed package; this needs no installation, and steps back
when the user asks for a plugin (--logger), for silence (--quiet) or for more (--verbose).
"""

import atexit
import logging
import os
import secrets
import sys
from collections.abc import Callable
from select import select
from threading import RLock, Thread
from time import monotonic
from typing import IO, Any

from snakemake_interface_logger_plugins.common import LogEvent

from tfscale.console import display
from tfscale.console.commands import Call, result_in
from tfscale.console.display import (
    Failure,
    Progress,
    display_on,
    message_in,
    messages_in,
    retold,
    without_failures,
)
from tfscale.console.estimate import stages_of
from tfscale.console.opening import Opening, default_handler

OWN = (
    "Select jobs", "Execute ", "Complete log", "Elapsed time", "Removing output files of failed",
    "Shutting down", "Exiting because a job execution failed",
)  # fmt: skip
"""How lines begin that are about Snakemake's own work."""
OF_FAILURES = ("returned non-zero exit status", "At least one job did not complete")
"""Parts of what is said of failed jobs, whose own message is in their log."""
STOPPED = "Terminating processes on user request"


def worth_saying(text: str) -> bool:
    """Whether a line that is no event of its own belongs on the console; unknown ones do."""
    return bool(text) and not text.startswith(OWN) and not any(part in text for part in OF_FAILURES)


CHUNK_BYTES = 1 << 16
LONGEST_WAIT_S = 5
REST_S = 0.1
"""How long the rest of a line is waited for, before the lines above it are handed on."""


class Listening:
    """Hands on what is written to file descriptor 2, line by line, from now until `stop`."""

    def __init__(self) -> None:
        """Take descriptor 2 over; `terminal` writes where it went before."""
        sys.stderr.flush()
        self._real = os.dup(2)
        self.terminal: IO[str] = os.fdopen(
            os.dup(self._real), "w", buffering=1, encoding="utf-8", errors="replace"
        )
        self._end = f"end of {secrets.token_hex(8)}".encode()
        self._source, write = os.pipe()
        os.dup2(write, 2)
        os.close(write)
        self._thread: Thread | None = None

    def start(self, heard: Callable[[list[str]], None]) -> None:
        """Hand on the lines; what came at once is handed on together."""
        self._thread = Thread(target=self._listen, args=(heard,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Give descriptor 2 back, after all that was written to it has been handed on."""
        if self._real < 0:
            return
        sys.stderr.flush()
        os.write(2, self._end + b"\n")
        os.dup2(self._real, 2)
        os.close(self._real)
        self._real = -1
        if self._thread:
            self._thread.join(LONGEST_WAIT_S)

    def _listen(self, heard: Callable[[list[str]], None]) -> None:
        rest = b""
        while chunk := os.read(self._source, CHUNK_BYTES):
            rest += chunk
            if not rest.endswith(b"\n") and select([self._source], [], [], REST_S)[0]:
                continue  # what is printed at once may come in pieces
            *whole, rest = rest.split(b"\n")
            ends = [place for place, line in enumerate(whole) if line.endswith(self._end)]
            if ends:
                whole = [*whole[: ends[0]], whole[ends[0]].removesuffix(self._end)]
            self._hand_on([line for line in map(_text, whole) if line.strip()], heard)
            if ends:
                os.close(self._source)
                return

    def _hand_on(self, lines: list[str], heard: Callable[[list[str]], None]) -> None:
        """A display that fails must neither stop the jobs nor swallow what they say."""
        try:
            if lines:
                heard(lines)
        except Exception as error:
            print(*lines, f"(the console failed: {error!r})", sep="\n", file=self.terminal)


def _text(line: bytes) -> str:
    """A line as it stands on a terminal: after the last carriage return."""
    return line.decode("utf-8", "replace").rstrip("\r").rpartition("\r")[2]


class Console(logging.Handler):
    """Shows what runs, what came out, how long it takes, what failed and how it ended."""

    def __init__(self, opening: Opening, logs: str, call: Call):
        """`opening` says what is ahead; `call` makes every command that is shown."""
        super().__init__()
        self._opening, self._logs, self._call = opening, logs, call
        self._running: dict[int, tuple[str, float]] = {}
        self._job_logs: set[str] = set()
        self._far: dict[int, str] = {}
        self._failures: dict[int, Failure] = {}
        self._said: dict[str, tuple[str, ...]] = {}
        self._done, self._total, self._reported = 0, 0, False
        self._lock = RLock()
        self._open, self._stopped = False, False

    def open(self, workflow) -> None:
        """Say what is ahead, and take the place of Snakemake's own handler."""
        replaced = default_handler(workflow)
        if replaced is None:
            return
        try:
            self._pace, block = self._opening.look(workflow)
        except Exception as error:  # a display must never stop a study
            print(f"no console: {type(error).__name__}: {error}", file=sys.stderr)
            return
        self._stages = stages_of(self._pace.tasks.values())
        self._total, self._start_s = len(workflow.dag), monotonic()
        self._remote = not workflow.local_exec
        self._logger, self._replaced = workflow.logger_manager.logger, replaced
        self._listening = Listening()
        self._display = display_on(self._listening.terminal)
        self._logger.removeHandler(replaced)
        self._logger.addHandler(self)
        self._open = True
        atexit.register(self.close)
        self._listening.start(self.heard)
        self._display.line("\n".join(block))
        self._draw()

    def end(self, well: bool) -> None:
        """Say how it ended, and give everything back."""
        if not self._open:
            return
        took_s = monotonic() - self._start_s
        self._listening.stop()
        failures = list(retold(self._failures.values(), self._said))
        results = self._opening.results
        ended = display.Ended(self._done, self._total, took_s, self._stopped)
        if not well:
            lines = display.failure(failures, ended, self._call, results)
        elif self._reported:
            missing = self._opening.study.missing
            lines = display.report(ended, results, self._logs, missing, self._call)
        else:
            lines = display.success(ended)
        self._display.stop()
        self._display.line("\n".join(["", *lines]))

    def close(self) -> None:
        """Give descriptor 2 and the terminal back, however the run ends."""
        if self._open:
            self._open = False
            self._listening.stop()
            self._display.stop()
            self._logger.removeHandler(self)
            self._logger.addHandler(self._replaced)
        super().close()

    def heard(self, lines: list[str]) -> None:
        """Show what jobs print: results with their uncertainty."""
        with self._lock:
            self._said |= messages_in(lines)
            for line in without_failures(lines, self._job_logs):
                self._display.line(line)

    def emit(self, record: logging.LogRecord) -> None:
        """Take in an event of Snakemake."""
        try:
            with self._lock:
                self._take_in(record)
        except Exception:
            self.handleError(record)

    def _take_in(self, record: logging.LogRecord) -> None:
        facts = vars(record)
        match facts.get("event"):
            case LogEvent.JOB_INFO:
                job = facts["jobid"]
                task = self._pace.tasks.get(job)
                if task:
                    self._running[job] = (task.name, monotonic())
                    self._job_logs.update(facts["log"])
                    if self._remote and task.rule == "measure":
                        self._far[job] = next(iter(facts["log"]), "")
                    self._draw()
            case LogEvent.JOB_FINISHED:
                _, start_s = self._running.pop(facts["job_id"], ("", None))
                if start_s is not None:
                    self._pace.ended(facts["job_id"], monotonic() - start_s)
                if said := result_in(self._far.pop(facts["job_id"], "")):
                    self._display.line(said)
                self._reported |= self._rule(facts["job_id"]) == "report"
            case LogEvent.PROGRESS:
                self._done = facts["done"]
                self._draw()
            case LogEvent.JOB_ERROR:
                self._failed(facts)
            case None | LogEvent.ERROR | LogEvent.GROUP_ERROR:
                text = record.getMessage()
                self._stopped |= text.startswith(STOPPED)
                if worth_saying(text):
                    self._display.line(text)

    def _failed(self, facts: dict) -> None:
        job = facts["jobid"]
        name, _ = self._running.pop(job, (facts["rule_name"], 0.0))
        log = next(iter(facts["log"]), "")
        retry = self._call.command(*facts["output"][:1])
        message = message_in(log) or self._said.get(log, ())
        self._failures[job] = Failure(name, message, log, retry)
        self._pace.ended(job, None)
        self._display.line(self._failures[job].block(whole=True))
        self._draw()

    def _rule(self, job: int) -> str:
        task = self._pace.tasks.get(job)
        return task.rule if task else ""

    def _draw(self) -> None:
        names = [name for name, _ in self._running.values()]
        stages_s = {stage: self._pace.left_s(stage) for stage in self._stages}
        failed = len(self._failures)
        self._display.progress(Progress(self._done, self._total, stages_s, names, failed))


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
