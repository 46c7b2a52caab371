"""Made-up studies with all their runs, and the steps of their analysis, each made once."""

import os
import sys
from functools import cache

from bench import ROOT
from bench.used import Used, used
from bench.wide import WideStudy, new_study
from bench.wide_files import write_files
from bench.wide_runs import write_runs

ORDER = ("merge", "fit", "plot", "report")


@cache
def timed_study(cells: int) -> WideStudy:
    """A study of so many cells that was timed whole."""
    wide = new_study(cells)
    write_files(wide)
    write_runs(wide, os.cpu_count() or 1)
    return wide


@cache
def step(name: str, cells: int) -> Used:
    """What a step of the analysis used, after those before it: see `wide_job`."""
    wide = timed_study(cells)
    for earlier in ORDER[: ORDER.index(name)]:
        step(earlier, cells)
    command = [sys.executable, "-m", "bench.wide_job", name, str(wide.root), str(cells)]
    return used(command, ROOT)
