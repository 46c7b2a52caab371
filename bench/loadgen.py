"""Agreement with MLCommons LoadGen, the reference load generator, visit by visit."""

from importlib.util import find_spec
from statistics import median

from bench.options import Options
from bench.outcome import Outcome, SkippedError, percent
from bench.ratios import agree, alternated, medians, ratio_of_pairs, tolerance
from bench.text_table import text_table
from bench.visits import Visits, median_of, timed_s

TITLE = "Agreement with MLCommons LoadGen (SingleStream, PerformanceOnly, a query = a batch)"
CELLS = [("mnist", 0.0), ("mnist", 0.5), ("text", 0.25)]
PAIRS, PROCESSES, SHARE, FLOOR_S = 10, 3, 0.05, 30e-6


def bench(options: Options) -> list[Outcome]:
    """Median over visits of each, visits by turns and in fresh processes.

    Both leave out slices beside a slow calibration; what these make of either stands beside it.
    Then blocks of both by turns in one process: what one process differs from the next by, which
    no load generator can help, is not in that ratio.
    """
    if not find_spec("mlperf_loadgen"):
        raise SkippedError("mlcommons-loadgen is not installed: use `make bench`")
    outcomes, rows = [], []
    with Visits() as visits:
        for model, rank in CELLS:
            cell = options.study.pick(model, rank)
            request = options.study.request(cell)
            outcome, row = _compare(visits, cell, request)
            inside, ratio = _compare_by_turns(visits, cell, request)
            outcomes += [outcome, inside]
            rows.append((*row, ratio))
    header = [
        "cell", "tfscale µs", "tfscale, all slices", "LoadGen µs", "LoadGen, all slices",
        "difference µs", "ratio (interval, coverage)", "ratio in one process",
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
    return _outcome(f"tfscale / LoadGen, {cell}", ours, theirs), row


def _compare_by_turns(visits: Visits, cell: str, request: dict) -> tuple[Outcome, str]:
    answers = [visits.make(request, "bench.loadgen_visit:by_turns") for _ in range(PROCESSES)]
    pairs = [pair for answer in answers for pair in answer["pairs_s"]]
    ours, theirs = medians(pairs)
    name = f"… in one process, blocks by turns, {cell}"
    return _outcome(name, ours, theirs), str(ratio_of_pairs(pairs))


def _outcome(name: str, ours_s: float, theirs_s: float) -> Outcome:
    over_s = abs(ours_s - theirs_s) - tolerance(theirs_s, SHARE, FLOOR_S)
    missed = None if agree(ours_s, theirs_s, SHARE, FLOOR_S) else f"{1e6 * over_s:.0f} µs"
    shown = f"{ours_s / theirs_s:.3f} ({1e6 * (ours_s - theirs_s):+.1f} µs)"
    target = f"within max({percent(SHARE, 0)}, {1e6 * FLOOR_S:.0f} µs)"
    return Outcome(name, shown, target, missed)
