"""Projects of their own: copies with another configuration, what runs in them, and its jobs."""

import atexit
import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import yaml

from bench import ROOT
from bench.outcome import SkippedError

PARTS = ("Snakefile", "workflow", "families", "profiles", "envs")


def new_project(config: dict) -> Path:
    """A copy of what Snakemake needs of this project, with another configuration; it goes away
    with this process."""
    root = Path(tempfile.mkdtemp(prefix="tfscale-bench-"))
    atexit.register(shutil.rmtree, root, ignore_errors=True)
    for name in PARTS:
        if (ROOT / name).is_dir():
            without = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / name, root / name, ignore=without)
        else:
            shutil.copy(ROOT / name, root / name)
    (root / "config.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
    return root


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
    """Wall seconds, seconds of CPU with those of its processes, the peak resident memory (MB) of
    the largest process, and what it printed."""

    seconds: float
    cpu_s: float
    peak_mb: float
    said: str


def used(command: list[str], folder: Path, **variables: str) -> Used:
    """Run a command in a folder and wait for it; raises SkippedError with its last words when it
    fails."""
    with tempfile.TemporaryDirectory() as aside:
        facts = Path(aside, "used.json")
        start = perf_counter()
        done = subprocess.run(
            [sys.executable, "-S", "-c", LAUNCHER, str(facts), *command],
            cwd=folder,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            env=os.environ | variables,
            check=False,
        )
        seconds = perf_counter() - start
        if done.returncode:
            last = done.stdout[-2000:]
            raise SkippedError(f"`{' '.join(command)}` failed in {folder}: …{last}")
        cpu_s, peak = json.loads(facts.read_text())
    return Used(seconds, cpu_s, peak * UNIT_BYTES / 1e6, done.stdout)


def snakemake(folder: Path, *arguments: str, **variables: str) -> Used:
    """Run Snakemake in a project's folder."""
    return used([sys.executable, "-m", "snakemake", *arguments], folder, **variables)


RECORDS = Path(".snakemake", "metadata")


@dataclass(frozen=True)
class Done:
    """A finished job: its rule, its log (which names it), its start and end (s since the epoch)."""

    rule: str
    log: str
    start: float
    end: float

    @property
    def seconds(self) -> float:
        """From the start of the job to the end of its last output."""
        return self.end - self.start


def done_jobs(root: Path, rule: str) -> list[Done]:
    """The jobs of a rule that Snakemake remembers of its last runs, one for each log, in the order
    of these."""
    found: dict[str, Done] = {}
    for path in (root / RECORDS).rglob("*"):
        if not path.is_file():
            continue
        record = json.loads(path.read_text())
        if record["rule"] == rule:
            log, start, end = record["log"][0], record["starttime"], record["endtime"]
            known = found.get(log, Done(rule, log, start, end))
            found[log] = Done(rule, log, min(start, known.start), max(end, known.end))
    if not found:
        raise SkippedError(f"Snakemake remembers no job of {rule} in {root}")
    return [found[log] for log in sorted(found)]
