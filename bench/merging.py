"""Merging the run files of a wide study, and fitting its tables."""

from bench.options import Options
from bench.outcome import Outcome, ratio_at_most
from bench.text_table import text_table
from bench.wide import SIZES
from bench.wide_steps import step, timed_study

TITLE = "Merge and fit of 100, 1,000 and 10,000 cells (two rounds of generated runs)"
MERGE_S, MERGE_BYTES, FIT_S = 30.0, 1e9, 600.0


def bench(options: Options) -> list[Outcome]:
    """Seconds and peak memory, as shares of what is allowed for 10,000 cells."""
    rows = []
    for cells in SIZES:
        files = sorted(timed_study(cells).results.glob("[rs]*s/*/round*.parquet"))
        size_mb = sum(path.stat().st_size for path in files) / 1e6
        for name in ("merge", "fit"):
            made = step(name, cells)
            shown = (made.seconds, made.cpu_s, made.peak_mb)
            rows.append((f"{cells:,}", name, len(files), size_mb, *shown))
    header = ["cells", "rule", "run files", "MB", "seconds", "CPU s", "peak MB"]
    print(text_table(header, rows))
    most = max(SIZES)
    merge, fit = step("merge", most), step("fit", most)
    return [
        ratio_at_most(
            f"merge of {most:,} cells, share of {MERGE_S:g} s", merge.seconds / MERGE_S, 1,
            f"{merge.seconds / MERGE_S:.3f} ({merge.seconds:.0f} s)",
        ),
        ratio_at_most(
            f"merge of {most:,} cells, share of 1 GB", merge.peak_bytes / MERGE_BYTES, 1,
            f"{merge.peak_bytes / MERGE_BYTES:.3f} ({merge.peak_mb:.0f} MB)",
        ),
        ratio_at_most(
            f"fit of {most:,} cells, share of {FIT_S:g} s", fit.seconds / FIT_S, 1,
            f"{fit.seconds / FIT_S:.3f} ({fit.seconds:.0f} s)",
        ),
    ]  # fmt: skip
