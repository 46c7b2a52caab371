"""The console: a handler of Snakemake's log, which shows the study instead of the jobs.

A logger plugin is found only as an installed package; this needs no installation, and steps back
when the user asks for a plugin (--logger), for silence (--quiet) or for more (--verbose). What a
job found, or why it failed, stands at the end of its log.
"""

import atexit
import logging
import re
import sys
from threading import RLock
from time import monotonic
from typing import Any

from snakemake_interface_logger_plugins.common import LogEvent

from tfscale.console import display
from tfscale.console.commands import Call
from tfscale.console.display import Failure, Progress, display_on, failure_in, result_in
from tfscale.console.estimate import Task, stages_of
from tfscale.console.opening import Opening, default_handler

OWN = (
    "Select jobs",
    "Execute ",
    "Complete log",
    "Elapsed time",
    "Removing output files of failed",
    "Shutting down",
    "Exiting because a job execution failed",
    "Activating conda environment",
)
"""How lines begin that are about Snakemake's own work."""
OF_FAILURES = ("exit status", "died with", "At least one job did not complete")
"""Parts of what is said of failed jobs, whose own message is in their log."""
STOPPED = ("Terminating processes on user request", "Will exit after finishing currently running")
STATUS = re.compile(r"exit status (\d+)|died with <Signals\.(\w+)")
DEFAULT = (100, 1)
"""Jobs and seconds of Snakemake's own limit of job starts."""


def worth_saying(text: str) -> bool:
    """Whether a line that is no event of its own belongs on the console; unknown ones do."""
    return bool(text) and not text.startswith(OWN) and not any(part in text for part in OF_FAILURES)


class Console(logging.Handler):
    """Shows what runs, what came out, how long it takes, what failed and how it ended."""

    def __init__(self, opening: Opening, call: Call):
        """`opening` says what is ahead; `call` makes every command that is shown."""
        super().__init__()
        self._opening, self._call = opening, call
        self._running: dict[int, tuple[Task, str, float]] = {}
        self._failures: dict[int, Failure] = {}
        self._done, self._total, self._status = 0, 0, ""
        self._open, self._stopped, self._reported = False, False, False
        self._lock = RLock()

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
        ahead = list(workflow.dag.needrun_jobs())  # its length forgets --until
        self._total, self._start_s = len(ahead), monotonic()
        self._logger, self._replaced = workflow.logger_manager.logger, replaced
        self._display = display_on(sys.stderr)
        self._logger.removeHandler(replaced)
        self._logger.addHandler(self)
        self._open = True
        atexit.register(self.close)
        self._display.line("\n".join(block))
        self._draw()

    def end(self, well: bool) -> None:
        """Say how it ended."""
        if not self._open:
            return
        ended = display.Ended(self._done, self._total, monotonic() - self._start_s, self._stopped)
        results = self._opening.results
        if not well:
            lines = display.failure(list(self._failures.values()), ended, self._call, results)
        elif self._reported:
            missing = self._opening.study.missing
            lines = display.report(ended, results, missing, self._call)
        else:
            lines = display.success(ended)
        self._display.stop()
        self._display.line("\n".join(["", *lines]))

    def close(self) -> None:
        """Give the terminal back, however the run ends."""
        if self._open:
            self._open = False
            self._display.stop()
            self._logger.removeHandler(self)
            self._logger.addHandler(self._replaced)
        super().close()

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
                if task := self._pace.tasks.get(facts["jobid"]):
                    log = next(iter(facts["log"]), "")
                    self._running[facts["jobid"]] = (task, log, monotonic())
                    self._draw()
            case LogEvent.JOB_FINISHED:
                self._finished(facts["job_id"])
            case LogEvent.PROGRESS:
                self._done = facts["done"]
                self._draw()
            case LogEvent.JOB_ERROR:
                self._failed(facts)
            case None | LogEvent.ERROR | LogEvent.GROUP_ERROR:
                text = record.getMessage()
                if text.startswith(STOPPED):
                    if self._stopped:
                        return  # it is said again at the end
                    self._stopped = True
                if status := STATUS.search(text):
                    self._status = display.ending(*status.groups())
                if worth_saying(text):
                    self._display.line(text)

    def _finished(self, job: int) -> None:
        if job in self._running:
            task, log, start_s = self._running.pop(job)
            self._pace.ended(job, monotonic() - start_s)
            self._reported |= task.rule == "report"
            if result := result_in(log):
                self._display.line(result)

    def _failed(self, facts: dict) -> None:
        task, _, _ = self._running.pop(facts["jobid"], (None, "", 0.0))
        log = next(iter(facts["log"]), "")
        made = [path.removesuffix(" (update)") for path in facts["output"]]  # as it shows flags
        made = [path for path in made if not path.endswith((".sha256", "SHA256SUMS"))]
        failed = Failure(
            task.name if task else facts["rule_name"],
            failure_in(log) or (f"{display.UNSAID} ({self._status or 'no exit status'})",),
            log,
            self._call.command(*made[:1]),
        )
        self._pace.ended(facts["jobid"], None)
        if not (self._stopped and failed.unsaid):  # what was at work then is no failure
            self._failures[facts["jobid"]] = failed
            self._display.line(failed.block(whole=True))
        self._draw()

    def _draw(self) -> None:
        names = [task.name for task, _, _ in self._running.values()]
        stages_s = {stage: self._pace.left_s(stage) for stage in self._stages}
        failed = len(self._failures)
        self._display.progress(Progress(self._done, self._total, stages_s, names, failed))


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
