"""What a command used: its wall time and the memory of its largest process."""

import json
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
LAUNCHER = """
import json, resource, subprocess, sys
status = subprocess.call(sys.argv[2:])
used = resource.getrusage(resource.RUSAGE_CHILDREN)
open(sys.argv[1], "w").write(json.dumps([used.ru_utime + used.ru_stime, used.ru_maxrss]))
sys.exit(status)
"""
"""A small process in between: a child's peak begins at the memory of the process that forked it."""


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
    with tempfile.TemporaryDirectory() as aside:
        facts = Path(aside, "used.json")
        start = perf_counter()
        done = subprocess.run(
            [sys.executable, "-S", "-c", LAUNCHER, str(facts), *command], cwd=folder, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
            env=os.environ | variables, check=False,
        )  # fmt: skip
        seconds = perf_counter() - start
        if done.returncode:
            last = done.stdout[-2000:]
            raise SkippedError(f"`{' '.join(command)}` failed in {folder}: …{last}")
        cpu_s, peak = json.loads(facts.read_text())
    return Used(seconds, cpu_s, peak * UNIT_BYTES, done.stdout)


def snakemake(folder: Path, *arguments: str, **variables: str) -> Used:
    """Run Snakemake in a project's folder."""
    return used([sys.executable, "-m", "snakemake", *arguments], folder, **variables)
