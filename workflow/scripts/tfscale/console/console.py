"""The console of a study: a handler of Snakemake's own log, attached while jobs run.

A logger plugin is found only as an installed package; this needs no installation, and steps back
when the user asks for a plugin (--logger), for silence (--quiet) or for more (--verbose).
"""

import atexit
import logging
import sys
from threading import RLock
from time import monotonic

from snakemake_interface_logger_plugins.common import LogEvent

from tfscale.console import end_block
from tfscale.console.chatter import STOPPED, worth_saying
from tfscale.console.commands import Call
from tfscale.console.display import Progress, display_on
from tfscale.console.failures import Failure, message_in, messages_in, retold, without_failures
from tfscale.console.listening import Listening
from tfscale.console.opening import Opening, default_handler
from tfscale.console.pace import stages_of
from tfscale.console.remote import result_in


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
        ended = end_block.Ended(self._done, self._total, took_s, self._stopped)
        if not well:
            lines = end_block.failure(failures, ended, self._call, results)
        elif self._reported:
            missing = self._opening.study.missing
            lines = end_block.report(ended, results, self._logs, missing, self._call)
        else:
            lines = end_block.success(ended)
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
