"""Agreement with MLCommons LoadGen, the reference load generator, visit by visit."""

from importlib.util import find_spec
from statistics import median

from bench.options import Options
from bench.outcome import Outcome, SkippedError, percent
from bench.ratios import agree, alternated, medians, ratio_of_pairs
from bench.text_table import text_table
from bench.visits import Visits, median_of, timed_s

TITLE = "Agreement with MLCommons LoadGen (SingleStream, PerformanceOnly, a query = a batch)"
CELLS = [("mnist", 0.0), ("mnist", 0.5), ("text", 0.25)]
PAIRS, SHARE, FLOOR_S = 10, 0.05, 30e-6


def bench(options: Options) -> list[Outcome]:
    """Median over visits of each, visits by turns and in fresh processes.

    Both leave out slices beside a slow calibration; what these make of either stands beside it.
    """
    if not find_spec("mlperf_loadgen"):
        raise SkippedError("mlcommons-loadgen is not installed: use `make bench`")
    outcomes, rows = [], []
    with Visits() as visits:
        for model, rank in CELLS:
            cell = options.study.pick(model, rank)
            outcome, row = _compare(visits, cell, options.study.request(cell))
            outcomes.append(outcome)
            rows.append(row)
    header = [
        "cell", "tfscale µs", "tfscale, all slices", "LoadGen µs", "LoadGen, all slices",
        "difference µs", "ratio (interval, coverage)",
    ]  # fmt: skip
    print(text_table(header, rows))
    return outcomes


def _compare(visits: Visits, cell: str, request: dict) -> tuple[Outcome, tuple]:
    whole_s, their_whole_s = [], []

    def ours_s() -> float:
        answer = visits.make(request)
        whole_s.append(median(timed_s(answer, ("timed", "left_out"))))
        return median_of(answer)

    def loadgen_s() -> float:
        answer = visits.make(request, "bench.loadgen_visit:visit")
        their_whole_s.append(answer["all_median_ns"] / 1e9)
        return answer["median_ns"] / 1e9

    pairs = alternated(PAIRS, ours_s, loadgen_s)
    ours, theirs = medians(pairs)
    ratio = ratio_of_pairs(pairs)
    row = (
        cell,
        *(1e6 * each for each in (ours, median(whole_s), theirs, median(their_whole_s))),
        1e6 * (ours - theirs),
        str(ratio),
    )
    over_s = abs(ours - theirs) - max(SHARE * theirs, FLOOR_S)
    missed = None if agree(ours, theirs, SHARE, FLOOR_S) else f"{1e6 * over_s:.0f} µs"
    shown = f"{ours / theirs:.3f} ({1e6 * (ours - theirs):+.1f} µs)"
    target = f"within max({percent(SHARE, 0)}, {1e6 * FLOOR_S:.0f} µs)"
    return Outcome(f"tfscale / LoadGen, {cell}", shown, target, missed), row
