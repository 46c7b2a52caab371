"""Forked against newly started processes: the same latency."""

from functools import partial

from bench.options import Options
from bench.outcome import Outcome, ratio_near_one
from bench.ratios import alternated, medians, ratio_of_pairs
from bench.text_table import text_table
from bench.visits import Visits

TITLE = "Fork against exec, visits by turns"
CELLS = [("mnist", 0.0), ("mnist", 0.5), ("text", 0.25)]
PAIRS, PRECISION = 8, 0.05


def bench(options: Options) -> list[Outcome]:
    """Ratio of a forked visit's median to an executed one's on three cells."""
    outcomes, rows = [], []
    with Visits() as visits:
        for model, rank in CELLS:
            cell = options.study.pick(model, rank)
            request = options.study.request(cell)
            pairs = alternated(
                PAIRS,
                partial(visits.median_s, request, "fork"),
                partial(visits.median_s, request, "exec"),
            )
            fork, executed = medians(pairs)
            ratio = ratio_of_pairs(pairs)
            rows.append((cell, 1e6 * fork, 1e6 * executed, str(ratio)))
            outcomes.append(
                ratio_near_one(f"fork / exec, {cell}", ratio.value, PRECISION, str(ratio))
            )
    print(text_table(["cell", "fork µs", "exec µs", "ratio (interval, coverage)"], rows))
    return outcomes
