"""What Snakemake itself takes: to plan a wide study, and to find that nothing is to do."""

import sys

from bench import ROOT
from bench.options import Options
from bench.outcome import Outcome, SkippedError, ratio_at_most
from bench.text_table import text_table
from bench.used import Used, snakemake, used
from bench.wide import SIZES, WideStudy, new_study
from bench.wide_steps import timed_study

TITLE = "Plans of 100, 1,000 and 10,000 cells: a new study's dry run, a finished one's rerun"
LIMIT_S, LIMIT_BYTES, GROWTH = 90.0, 3e9, 1.5
NOTHING = "Nothing to be done"


def bench(options: Options) -> list[Outcome]:
    """Seconds and peak memory of both, as shares of what is allowed for 10,000 cells."""
    rows, plans, reruns = [], {}, {}
    for cells in SIZES:
        plans[cells] = snakemake(new_study(cells).root, "-n")
        reruns[cells] = rerun(timed_study(cells))
        for what, made in (("dry run", plans[cells]), ("nothing to do", reruns[cells])):
            per_cell_ms = 1e3 * made.seconds / cells
            shown = (made.seconds, made.cpu_s, made.peak_mb, per_cell_ms)
            rows.append((f"{cells:,}", what, *shown))
    print(text_table(["cells", "snakemake", "seconds", "CPU s", "peak MB", "ms a cell"], rows))
    return [*outcomes("dry run", plans), *outcomes("rerun with nothing to do", reruns)]


def rerun(wide: WideStudy) -> Used:
    """What `snakemake` takes where all is there."""
    used([sys.executable, "-m", "bench.finished"], wide.root, PYTHONPATH=str(ROOT))
    made = snakemake(wide.root)
    if NOTHING not in made.said:
        raise SkippedError(f"the study was not finished: {made.said[-1000:]}")
    return made


def outcomes(name: str, made: dict[int, Used]) -> list[Outcome]:
    """The largest study's share of the limits, and how the time of a cell grows with the size."""
    *_, middle, most = sorted(made)
    large = made[most]
    grown = large.seconds / most / (made[middle].seconds / middle)
    shown = f"{large.seconds / LIMIT_S:.3f} ({large.seconds:.0f} s)"
    memory = f"{large.peak_bytes / LIMIT_BYTES:.3f} ({large.peak_mb:.0f} MB)"
    return [
        ratio_at_most(
            f"{name}, {most:,} cells, share of {LIMIT_S:g} s", large.seconds / LIMIT_S, 1, shown
        ),
        ratio_at_most(
            f"{name}, {most:,} cells, share of 3 GB", large.peak_bytes / LIMIT_BYTES, 1, memory
        ),
        ratio_at_most(f"{name}, time a cell at {most:,} / at {middle:,} cells", grown, GROWTH),
    ]
