"""Figures and report of a wide study: time and size."""

from bench.options import Options
from bench.outcome import Outcome, ratio_at_most
from bench.text_table import text_table
from bench.wide import SIZES
from bench.wide_steps import step, timed_study

TITLE = "Figures and report of 100, 1,000 and 10,000 cells"
LIMIT_MB = 10.0


def bench(options: Options) -> list[Outcome]:
    """Seconds of both rules, and the size of the page as a share of what is allowed."""
    rows = []
    for cells in SIZES:
        plot, report = step("plot", cells), step("report", cells)
        results = timed_study(cells).results
        page_mb = (results / "report.html").stat().st_size / 1e6
        figures_mb = sum(path.stat().st_size for path in results.glob("figures/*.svg")) / 1e6
        rows.append((f"{cells:,}", plot.seconds, figures_mb, report.seconds, page_mb))
    share, peak_mb = page_mb / LIMIT_MB, max(plot.peak_mb, report.peak_mb)
    header = ["cells", "figures s", "figures MB", "report s", "page MB"]
    print(text_table(header, rows))
    return [
        ratio_at_most(
            f"page of {cells:,} cells, share of {LIMIT_MB:g} MB", share, 1,
            f"{share:.3f} ({page_mb:.1f} MB)",
        ),
        Outcome("peak memory of figures and report", f"{peak_mb:.0f} MB"),
    ]  # fmt: skip
