"""Wide studies of up to 10,000 made-up cells: planning, merging, fitting, reporting."""

import os
import sys
from functools import cache

from bench.made_up import WideStudy, new_study, write_files, write_runs
from bench.outcome import Outcome, SkippedError, of_limit, ratio_at_most, text_table
from bench.projects import Used, snakemake, used
from bench.steps import STEPS
from bench.study import Options

SIZES = (100, 1000, 10_000)


@cache
def timed_study(cells: int) -> WideStudy:
    """A study of so many cells that was timed whole; made once."""
    wide = new_study(cells)
    write_files(wide)
    write_runs(wide, os.cpu_count() or 1)
    return wide


@cache
def step(name: str, cells: int) -> Used:
    """What a step of the analysis used, after those before it; each is made once."""
    wide, order = timed_study(cells), list(STEPS)
    for earlier in order[: order.index(name)]:
        step(earlier, cells)
    return used([sys.executable, "-m", "bench.steps", name, str(wide.root)], wide.root)


LIMIT_S, LIMIT_MB, GROWTH = 90.0, 3000.0, 1.5
NOTHING = "Nothing to be done"


def planning(options: Options) -> list[Outcome]:
    """Plans of 100, 1,000 and 10,000 cells: a new study's dry run, a finished one's rerun."""
    rows, plans, reruns = [], {}, {}
    for cells in SIZES:
        plans[cells] = snakemake(new_study(cells).root, "-n")
        reruns[cells] = rerun(timed_study(cells))
        for what, made in (("dry run", plans[cells]), ("nothing to do", reruns[cells])):
            per_cell_ms = 1e3 * made.seconds / cells
            shown = (made.seconds, made.cpu_s, made.peak_mb, per_cell_ms)
            rows.append((f"{cells:,}", what, *shown))
    print(text_table(["cells", "snakemake", "seconds", "CPU s", "peak MB", "ms a cell"], rows))
    return [*plan_outcomes("dry run", plans), *plan_outcomes("rerun with nothing to do", reruns)]


def rerun(wide: WideStudy) -> Used:
    """What `snakemake` takes where all is there."""
    used([sys.executable, "-m", "bench.finished"], wide.root)
    made = snakemake(wide.root)
    if NOTHING not in made.said:
        raise SkippedError(f"the study was not finished: {made.said[-1000:]}")
    return made


def plan_outcomes(name: str, made: dict[int, Used]) -> list[Outcome]:
    """The largest study's share of the limits, and how the time of a cell grows with the size."""
    *_, middle, most = sorted(made)
    large = made[most]
    grown = large.seconds / most / (made[middle].seconds / middle)
    return [
        of_limit(f"{name}, {most:,} cells", large.seconds, LIMIT_S, "s"),
        of_limit(f"{name}, {most:,} cells", large.peak_mb, LIMIT_MB, "MB"),
        ratio_at_most(f"{name}, time a cell at {most:,} / at {middle:,} cells", grown, GROWTH),
    ]


MERGE_S, MERGE_MB, FIT_S = 30.0, 1000.0, 600.0


def merging(options: Options) -> list[Outcome]:
    """Merge and fit of 100, 1,000 and 10,000 cells (two rounds of made-up runs)."""
    rows = []
    for cells in SIZES:
        files = list(timed_study(cells).results.glob("runs/*/round*.parquet"))
        size_mb = sum(path.stat().st_size for path in files) / 1e6
        for name in ("merge", "fit"):
            made = step(name, cells)
            shown = (made.seconds, made.cpu_s, made.peak_mb)
            rows.append((f"{cells:,}", name, len(files), size_mb, *shown))
    print(text_table(["cells", "rule", "run files", "MB", "seconds", "CPU s", "peak MB"], rows))
    most = max(SIZES)
    merge, fit = step("merge", most), step("fit", most)
    return [
        of_limit(f"merge of {most:,} cells", merge.seconds, MERGE_S, "s"),
        of_limit(f"merge of {most:,} cells", merge.peak_mb, MERGE_MB, "MB"),
        of_limit(f"fit of {most:,} cells", fit.seconds, FIT_S, "s"),
    ]


PAGE_MB = 10.0


def reporting(options: Options) -> list[Outcome]:
    """Figures and report of 100, 1,000 and 10,000 cells."""
    rows = []
    for cells in SIZES:
        plot, report = step("plot", cells), step("report", cells)
        results = timed_study(cells).results
        page_mb = (results / "report.html").stat().st_size / 1e6
        figures_mb = sum(path.stat().st_size for path in results.glob("figures/*.svg")) / 1e6
        rows.append((f"{cells:,}", plot.seconds, figures_mb, report.seconds, page_mb))
    print(text_table(["cells", "figures s", "figures MB", "report s", "page MB"], rows))
    peak_mb = max(plot.peak_mb, report.peak_mb)
    return [
        of_limit(f"page of {cells:,} cells", page_mb, PAGE_MB, "MB"),
        Outcome("peak memory of figures and report", f"{peak_mb:.0f} MB"),
    ]
