"""Names of figures, fitted tables and page parts: all that the rules need to know of them."""

from collections.abc import Iterable
from pathlib import Path

BOXED = ("layers", "batch_size", "conv_size")
"""The factors of the paper's own figures."""
FIRST: dict[str, str] = {
    "border": "Time against work",
    "drivers": "What drives the time",
    "batches": "Where a larger batch stops paying",
}
"""The figures of the page's first screen, with their titles; every family has them."""
OF_ANY: dict[str, str] = {
    "laws": "Laws",
    "interaction": "Two axes together",
    "thresholds": "Threshold profiles",
    "front": "Latency against throughput",
    "roofline": "Roofline",
    "time_shares": "Where the time goes",
    "held_out": "Predicted against measured",
    "residuals": "Residuals",
    "machines": "Machine against machine",
}
"""The other figures that every family has."""


def figures_of(factors: Iterable[str], paper: bool) -> dict[str, str]:
    """The figures of a family in their order, with their titles: those of the first screen, of one
    of the paper's families the paper's own, one of matched cells for each of its `factors` that
    vary, and the rest.

    >>> list(figures_of(["width"], paper=False))[:5]
    ['border', 'drivers', 'batches', 'matched_width', 'laws']
    """
    own = {"heatmap": "Correlations"} if paper else {}
    own |= {f"by_{factor}": f"Time by {_words(factor)}" for factor in BOXED if paper}
    matched = {f"matched_{one}": f"Time by {_words(one)}, matched cells" for one in factors}
    return FIRST | own | matched | OF_ANY


def _words(factor: str) -> str:
    return factor.replace("_", " ")


def caption_of(figure: str) -> str:
    """The file that says what to look for in a figure; figures of several factors share one.

    >>> caption_of("matched_width"), caption_of("laws")
    ('matched.rst', 'laws.rst')
    """
    shared = figure.startswith(("by_", "matched_"))
    return f"{figure.partition('_')[0] if shared else figure}.rst"


DRAWN_TABLES = (
    "borders",
    "cost",
    "drivers",
    "held_out_cells",
    "laws",
    "machines",
    "outliers",
    "predictions",
    "regimes",
    "saturation",
    "threshold_profiles",
    "thresholds",
)
"""The fitted tables that figures are drawn from."""


TABLES: dict[str, tuple[str, str]] = {
    "borders": ("Border between overhead and work", "a machine, model and setting"),
    "drivers": ("What drives the time", "a machine, model and axis"),
    "comparison_means": ("Comparisons", "a machine, model and two values of an axis"),
    "comparisons": ("Comparisons of cells", "a cell and its partner at the value compared with"),
    "laws": ("Laws", "a machine, model, factor and law, all slices pooled"),
    "slice_laws": ("Laws of single slices", "a slice of at least five levels and law"),
    "elasticities": (
        "Local elasticities",
        "two neighbouring levels of a factor, pooled and a slice",
    ),
    "anova": ("Analysis of variance", "a machine, model and term of ln time"),
    "work_model": ("Work model", "a machine, model, setting and cost of the work model"),
    "time_shares": ("Where the time goes", "a machine, model, setting and kind of operation"),
    "regimes": ("Bounds", "a cell: what holds it up"),
    "saturation": ("Throughput against batch", "an architecture"),
    "thresholds": ("Thresholds", "a slice in which a factor varies"),
    "threshold_profiles": ("Threshold profiles", "a place in a sweep of at least six levels"),
    "spread": ("Spread", "a machine, model, factor and scale"),
    "outliers": ("Outliers", "a flagged cell"),
    "equivalence": ("Equivalence", "two levels of a factor in a stratum of matched cells"),
    "held_out": ("Held-out errors", "a machine, model, setting, kind of fold and predictor"),
    "held_out_cells": ("Cells left out", "a cell, left out with its architecture or top level"),
    "coverage": ("Coverage of predictions", "a machine, model and setting"),
    "predictions": ("Predictions", "a machine and cell that is predicted"),
    "budget": ("Budget", "a machine, model, source and measure of size"),
    "next": ("What to run next", "a cell that was not timed"),
    "cost": ("Latency, throughput and cost", "a cell"),
    "drift": ("Drift", "a machine and term of the drift over the study"),
    "run_order": ("Run order", "a machine and model"),
    "machines": ("Machines", "a model, pair of machines and quantity"),
    "claims": (
        "The paper's claims",
        "a claim or part of it, of the time of a pass",
    ),
}
"""All are written for every study; a table that a study says nothing of has no row."""


FOLDER = Path(__file__).parents[3] / "report"
LIBRARIES = ("vendor/d3.min.js", "vendor/plot.umd.min.js")
"""Observable Plot and D3, in the order in which a browser must read them."""
SCRIPTS = ("study.js", "table.js", "cell.js", "chart.js", "start.js")
"""The page's own scripts; they share one scope and start when the last one is read."""
TEMPLATES = sorted(path.name for path in FOLDER.glob("*.j2"))
STYLES = ("page.css",)
CAPTIONS = tuple(dict.fromkeys(caption_of(name) for name in figures_of(BOXED, paper=True)))
PAGE_FILES = (*TEMPLATES, *STYLES, *SCRIPTS, *LIBRARIES)


def text_of(names: tuple[str, ...]) -> str:
    """The text of the files of these names, one after the other."""
    return "\n".join((FOLDER / name).read_text(encoding="utf-8") for name in names)
