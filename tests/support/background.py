"""A snakemake under way: who works in its folder, how it is killed, and whether all are gone."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil
from snakemake_project import Project

SCRIPT = re.compile(r"\.snakemake/scripts/\w+\.job\.py$")
LOG = re.compile(r"/results/logs/(\w+)[/.]")
LONGEST_S = 900
GONE_S = 60
"""A warm parent that is still importing hears of the end when it has done so."""
LOOK_S = 0.1


class Running:
    """A snakemake in a session of its own; what it says goes into a file beside the project."""

    def __init__(self, project: Project, *arguments: str, **variables: str):
        self.root = project.root
        self.output = project.root.with_name(f"{project.root.name}.out")
        with self.output.open("w") as file:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "snakemake", *arguments],
                cwd=self.root,
                env=os.environ | variables,
                start_new_session=True,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                preexec_fn=_hears_ctrl_c,
            )

    @property
    def said(self) -> str:
        """All that it has said until now."""
        return self.output.read_text(errors="replace")

    @property
    def status(self) -> int | None:
        """Its exit status; None while it runs."""
        return self.process.poll()

    def wait(self, longest_s: float = LONGEST_S) -> int:
        """Its exit status, when it has ended."""
        return self.process.wait(longest_s)

    def kill(self, number: int = signal.SIGKILL) -> None:
        """A signal to its whole process group, as from a terminal or a scheduler; the lock of one
        that was killed goes as by `snakemake --unlock`."""
        with suppress(ProcessLookupError):  # it has just ended by itself
            os.killpg(self.process.pid, number)
        self.process.wait(LONGEST_S)
        if number == signal.SIGKILL:
            shutil.rmtree(self.root / ".snakemake" / "locks", ignore_errors=True)


def _hears_ctrl_c() -> None:
    """A shell's & would have it ignored, here and in all that is started from here."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def wait_for(condition: Callable[[], object], longest_s: float = LONGEST_S) -> bool:
    """Whether the condition came true in time."""
    end = time.monotonic() + longest_s
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(LOOK_S)
    return True


def at_work(root: Path) -> list[psutil.Process]:
    """The processes whose working folder is the project's."""
    found = []
    for process in psutil.process_iter(["cwd", "status"]):
        folder, status = process.info["cwd"], process.info["status"]
        if folder and Path(folder) == root and status != psutil.STATUS_ZOMBIE:
            found.append(process)
    return found


def rules_at_work(root: Path) -> set[str]:
    """The rules whose jobs run in the project's folder, by their logs."""
    logs = [_log(process.pid) for process in at_work(root)]
    found = {match[1] for match in map(LOG.search, logs) if match}
    return {"measure" if folder == "runs" else folder for folder in found}


def all_gone(root: Path) -> list[str]:
    """The command lines of those who are still there after a minute."""
    wait_for(lambda: not at_work(root), GONE_S)
    return [" ".join(command(process))[-120:] for process in at_work(root)]


def end_all(root: Path) -> None:
    """Kill whoever works in a folder below `root`."""
    for process in psutil.process_iter(["cwd"]):
        if process.info["cwd"] and root in Path(process.info["cwd"]).parents:
            with suppress(psutil.Error):
                process.kill()


def command(process: psutil.Process) -> list[str]:
    """The command line; empty when the process has ended meanwhile."""
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def cast(root: Path, log: str) -> dict[str, psutil.Process]:
    """Who works on the job with this log, by role: its `script`, the fresh `process` that does its
    work, and the `warm` parent of that."""
    found: dict[str, psutil.Process] = {}
    waiting = {process.pid: process for process in at_work(root)}
    writers = {pid: process for pid, process in waiting.items() if _writes(pid, log)}
    for pid, process in writers.items():
        if any(map(SCRIPT.search, command(process))):
            found["script"] = process
            continue
        try:
            parent = process.ppid()
        except psutil.Error:
            continue
        found["process"] = writers[pid]
        if parent in waiting and parent not in writers:
            found["warm"] = waiting[parent]
    return found


def _writes(pid: int, log: str) -> bool:
    return _log(pid).endswith(log)


def _log(pid: int) -> str:
    """Where a process writes to."""
    try:
        return str(Path(f"/proc/{pid}/fd/1").readlink())
    except OSError:
        return ""
