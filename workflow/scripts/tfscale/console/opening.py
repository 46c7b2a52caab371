"""What is looked at before the first job."""

import json
import logging
import os
import platform
import subprocess
from dataclasses import dataclass
from statistics import mean

from tfscale.console.again import causes, told
from tfscale.console.commands import Call
from tfscale.console.display import start_block
from tfscale.console.environment import environment_words
from tfscale.console.estimate import Pace, Speed, tasks_ahead, tasks_before
from tfscale.console.machines import other_machines
from tfscale.console.redo import facts_in
from tfscale.jobs.surroundings import interpreter
from tfscale.jobs.turn import timing_elsewhere
from tfscale.study.study import Study
from tfscale.timing.protocol import NOTICEABLE
from tfscale.units import percent

QUIET_SHARE, BUSY_SHARE = 0.1, 0.4
LONGEST_S = 30


def noise_now(threads: int) -> dict | None:
    """Calibrations (`times_s`) with their `reference_s`, `flop_per_s` and `warnings` of the
    machine for so many threads; None where NumPy is missing, or when it takes over 30 s."""
    try:
        done = subprocess.run(
            **interpreter("tfscale.timing.look", str(threads)),
            capture_output=True,
            text=True,
            timeout=LONGEST_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return None
    return json.loads(done.stdout) if done.returncode == 0 else None


def noise_words(seen: dict, reference_s: float) -> list[str]:
    """The state in one line and a line a warning; `reference_s` is the undisturbed calibration that
    was seen at the start of the study, perhaps beside other work."""
    times_s, reference_s = seen["times_s"], min(reference_s, seen["reference_s"])
    slow = sum(time_s > NOTICEABLE * reference_s for time_s in times_s) / len(times_s)
    state = "quiet" if slow <= QUIET_SHARE else "busy" if slow > BUSY_SHARE else "a little noisy"
    line = (
        f"{state}: {percent(slow)} of {len(times_s)} calibrations took over {NOTICEABLE:g} times "
        f"{reference_s * 1e3:.1f} ms"
    )
    return [line, *[f"warning: {warning}" for warning in seen["warnings"]]]


SWITCH = "TFSCALE_CONSOLE"
NEEDS_QUIET = {"train", "convert", "calibrate", "floor", "measure"}
DEFAULT_HANDLER = "DefaultStreamHandler"
UNSEEN = "not looked at (Snakemake's own environment has no NumPy); the first job looks"


def default_handler(workflow) -> logging.Handler | None:
    """Snakemake's own handler for the terminal, when the user wants it replaced: not with
    --logger, --quiet, --verbose, --debug-dag, --printshellcmds or --touch, nor with
    TFSCALE_CONSOLE=0 in the environment."""
    settings = workflow.output_settings
    quiet = {choice.name for choice in settings.quiet or ()} - {"HOST", "REASON"}
    more = settings.verbose or settings.debug_dag or settings.printshellcmds
    if quiet or more or workflow.touch or os.environ.get(SWITCH) == "0":
        return None
    handlers = workflow.logger_manager.logger.handlers
    return next((handler for handler in handlers if handler.name == DEFAULT_HANDLER), None)


@dataclass(frozen=True)
class Opening:
    """A study and its folders."""

    study: Study
    results: str
    models: str

    def look(self, workflow) -> tuple[Pace, list[str]]:
        """The pace of the jobs ahead, and the block that a study starts with."""
        reference_s, machine, speed = self._reference_s(), [], Speed()
        call = Call.of(workflow)
        if {job.rule.name for job in workflow.dag.needrun_jobs()} & NEEDS_QUIET:
            threads = [cell["threads"] for cell in self.study.cells.values()]
            seen = noise_now(max(threads) if workflow.local_exec else 1)
            if seen:
                reference_s = reference_s or seen["reference_s"]
                speed = Speed(seen["flop_per_s"], mean(seen["times_s"]))
            machine = noise_words(seen, reference_s) if seen and reference_s else [UNSEEN]
            machine += [
                *_other_study(),
                *other_machines(workflow, call, self.study),
            ]
        ahead = tasks_ahead(workflow, self.study, speed)
        local = workflow.local_exec
        slots = workflow.cores if local else min(workflow.nodes, len(ahead))
        pace = Pace(ahead, slots, spread=not local)
        for task, took_s in tasks_before(workflow, self.study, speed):
            pace.learn(task, took_s)
        notes = {"again": told(causes(workflow, call)), "machine": machine}
        notes["software"] = [environment_words(workflow)]
        return pace, start_block(self.study, pace, self.results, self.models, notes)

    def _reference_s(self) -> float | None:
        """The undisturbed calibration of this host (s), where an earlier run found it."""
        known = facts_in(f"{self.results}/machine.json")
        return known.get("reference_s") if known.get("host") == platform.node() else None


def _other_study() -> list[str]:
    """A warning when another study is being timed just now."""
    found = timing_elsewhere()
    if found is None:
        return []
    return [
        f"warning: another study is being timed on this machine ({found}): timing takes "
        "turns with it, but training disturbs it"
    ]
