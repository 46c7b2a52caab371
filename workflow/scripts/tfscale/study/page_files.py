"""The files that the report's page is put together from: all under workflow/report, all inlined."""

from pathlib import Path

FOLDER = Path(__file__).parents[3] / "report"
LIBRARIES = ("vendor/d3.min.js", "vendor/plot.umd.min.js")
"""Observable Plot and D3, in the order in which a browser must read them."""
SCRIPTS = ("study.js", "table.js", "cell.js", "chart.js", "start.js")
"""The page's own scripts; they share one scope and start when the last one is read."""
TEMPLATES = (
    "report.html.j2", "answer.html.j2", "figures.html.j2", "analysis.html.j2", "explorer.html.j2",
    "cells.html.j2", "missing.html.j2", "predictions.html.j2", "method.html.j2",
    "provenance.html.j2",
)  # fmt: skip
STYLES = ("page.css",)
PAGE_FILES = (*TEMPLATES, *STYLES, *SCRIPTS, *LIBRARIES)


def text_of(names: tuple[str, ...]) -> str:
    """The text of the files of these names, one after the other."""
    return "\n".join((FOLDER / name).read_text(encoding="utf-8") for name in names)
