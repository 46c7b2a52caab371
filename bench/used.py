"""What a command used: its wall time and the memory of its largest process."""

import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from bench.outcome import SkippedError

UNIT_BYTES = 1 if sys.platform == "darwin" else 1024
"""Of `ru_maxrss`."""


@dataclass(frozen=True)
class Used:
    """Wall seconds, seconds of CPU with those of its processes, the peak resident memory of the
    largest process, and what it printed."""

    seconds: float
    cpu_s: float
    peak_bytes: int
    said: str

    @property
    def peak_mb(self) -> float:
        """The peak in MB."""
        return self.peak_bytes / 1e6


def used(command: list[str], folder: Path, **variables: str) -> Used:
    """Run a command in a folder and wait for it; raises SkippedError with its last words when it
    fails."""
    with tempfile.TemporaryFile("w+") as said:
        start = perf_counter()
        process = subprocess.Popen(
            command, cwd=folder, stdout=said, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
            env=os.environ | variables,
        )  # fmt: skip
        _, status, resources = os.wait4(process.pid, 0)
        seconds = perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        text = said.read()
    if process.returncode:
        raise SkippedError(f"`{' '.join(command)}` failed in {folder}: …{text[-2000:]}")
    cpu_s = resources.ru_utime + resources.ru_stime
    return Used(seconds, cpu_s, resources.ru_maxrss * UNIT_BYTES, text)


def snakemake(folder: Path, *arguments: str, **variables: str) -> Used:
    """Run Snakemake in a project's folder."""
    return used([sys.executable, "-m", "snakemake", *arguments], folder, **variables)
