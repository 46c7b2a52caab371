"""Harness overhead: the timed block against a bare clock loop over the same signature."""

from bench.options import Options
from bench.outcome import Outcome, ratio_at_most
from bench.ratios import medians, ratio_of_pairs
from bench.text_table import text_table
from bench.visits import Visits

TITLE = "Harness overhead of the smallest cell, blocks by turns in one pinned process"
PAIRS, PROCESSES, BLOCK_S, LIMIT = 30, 3, 0.05, 1.02


def bench(options: Options) -> list[Outcome]:
    """Ratio of block medians, with the interval over all pairs."""
    cell = options.study.pick("mnist", 0)
    request = options.study.request(cell) | {"pairs": PAIRS, "block_s": BLOCK_S}
    pairs, rows = [], []
    with Visits() as visits:
        for number in range(1, PROCESSES + 1):
            answer = visits.make(request, "bench.overhead_visit:visit")
            own = list(zip(answer["harness_ns"], answer["bare_ns"], strict=True))
            pairs += own
            harness, bare = medians(own)
            shown = (harness / 1e3, bare / 1e3, str(ratio_of_pairs(own)))
            rows.append((str(number), answer["calls"], *shown))
    print(f"  {cell}, {PAIRS} pairs of blocks a process")
    header = ["process", "calls a block", "harness µs", "bare µs", "ratio (interval, coverage)"]
    print(text_table(header, rows))
    ratio = ratio_of_pairs(pairs)
    return [ratio_at_most("harness / bare", ratio.value, LIMIT, str(ratio))]
