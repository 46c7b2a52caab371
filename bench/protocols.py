"""The paper's protocol against the short visits: the same latency."""

from bench.options import Options
from bench.outcome import Outcome, ratio_near_one
from bench.ratios import Pair, alternated, medians, ratio_of_pairs
from bench.text_table import text_table
from bench.visits import Visits, median_of, timed_s

TITLE = "The paper's protocol (all passes of all inputs) against a short visit, by turns"
PAIRS, PRECISION, LONGEST_S = 8, 0.05, 8.0
CELLS = [("mnist", 0.0), ("mnist", 1.0), ("text", 1.0)]


def bench(options: Options) -> list[Outcome]:
    """Ratios of medians and of means on three cells whose passes take at most 8 s."""
    study = options.study
    short = study.cells[study.cells["passes_total_s"] <= LONGEST_S]
    outcomes, rows = [], []
    with Visits() as visits:
        for model, rank in CELLS:
            cell = study.pick(model, rank, short)
            by_median, by_mean = _pairs(
                visits, study.request(cell), study.request(cell, protocol="paper")
            )
            paper, ours = medians(by_median)
            ratio, means = ratio_of_pairs(by_median), ratio_of_pairs(by_mean)
            rows.append((cell, 1e6 * paper, 1e6 * ours, str(ratio), str(means)))
            outcomes.append(
                ratio_near_one(f"paper / visits, {cell}", ratio.value, PRECISION, str(ratio))
            )
    header = ["cell", "paper µs", "visits µs", "ratio of medians", "ratio of means"]
    print(text_table(header, rows))
    return outcomes


def _pairs(visits: Visits, short: dict, paper: dict) -> tuple[list[Pair], list[Pair]]:
    """Pairs of medians and pairs of means, paper's first."""
    means: dict[str, list[float]] = {"paper": [], "short": []}

    def latency(name: str, request: dict) -> float:
        answer = visits.make(request)
        calls = timed_s(answer)
        means[name].append(sum(calls) / len(calls))
        return median_of(answer)

    by_median = alternated(PAIRS, lambda: latency("paper", paper), lambda: latency("short", short))
    return by_median, list(zip(means["paper"], means["short"], strict=True))
