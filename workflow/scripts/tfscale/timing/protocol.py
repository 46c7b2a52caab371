"""Rules without any library: the interval of a median, how many calls, what is disturbed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import ceil, comb, isnan, log, log2, nan


@dataclass(frozen=True)
class SoFar:
    """Medians (s) of the clean visits of some rounds, and the seconds that all visits took."""

    medians_s: list[float] = field(default_factory=list)
    spent_s: float = 0.0

    def and_visits(self, rows: Sequence[dict]) -> "SoFar":
        """With the visits of one more run."""
        spent_s = self.spent_s + sum(row["visit_s"] for row in rows)
        return SoFar([*self.medians_s, *clean(rows)], spent_s)


def clean(rows: Sequence[dict]) -> list[float]:
    """The medians (s) of the undisturbed visits."""
    return [row["p50_s"] for row in rows if not row["disturbed"]]


@dataclass(frozen=True)
class Interval:
    """Bounds and their exact coverage; NaN coverage where no interval can be claimed."""

    low: float
    high: float
    coverage: float

    @property
    def claimed(self) -> bool:
        """Whether there were values enough for an interval; else the bounds are their range."""
        return not isnan(self.coverage)

    @property
    def half_width(self) -> float:
        """Half of the log-length: 0.05 is about plus or minus 5 %. Of a mere range, too."""
        return log(self.high / self.low) / 2


def fewest_for_interval(confidence: float) -> int:
    """The fewest values whose range covers the median often enough: 1 - 2 / 2^V >= confidence."""
    return ceil(1 - log2(1 - confidence))


def median_interval(values: Iterable[float], confidence: float) -> Interval:
    """Order statistics k and V - k + 1 of V positive values, k the largest that covers enough.

    Coverage is 1 - 2 sum_{i<k} C(V, i) / 2^V (David and Nagaraja, Order Statistics, 7.1). With
    too few values the bounds are the range and the coverage is NaN.
    """
    ordered = sorted(float(value) for value in values)
    rank, tail = _rank(len(ordered), confidence)
    if rank == 0:
        return Interval(ordered[0], ordered[-1], nan)
    return Interval(ordered[rank - 1], ordered[-rank], 1 - 2 * tail / 2 ** len(ordered))


def could_narrow(count: int, more: int, confidence: float) -> bool:
    """Whether the interval of `count` values may be narrower with up to `more` of them: while k
    stays as it is, a further value can only widen it."""
    return _rank(count + more, confidence)[0] > _rank(count, confidence)[0]


def _rank(count: int, confidence: float) -> tuple[int, int]:
    """k, 0 where there is none, and the sum of C(V, i) over i < k."""
    tail, rank = 0, 0
    while 2 * (tail + comb(count, rank)) <= (1 - confidence) * 2**count and 2 * rank + 2 <= count:
        tail += comb(count, rank)
        rank += 1
    return rank, tail


MOST_REPEATED = 3
"""Disturbed visits of a run that are made up for at once; later rounds make up for the others."""
PRECISE, ROUND_DONE, MOST_VISITS, TIME_CAP, PASSES_DONE = (
    "precision reached", "round done", "most visits", "time cap", "passes done",
)  # fmt: skip
PRECISE_BEFORE, CAP_BEFORE = "precision reached before", "cell's time cap reached before"


def nothing_to_do(earlier: SoFar, rule: dict) -> str | None:
    """Why a further round times a cell no more, or None when it does: the rounds before it give an
    interval that is as narrow as asked, or their visits have taken `cell_cap_s`."""
    if not rule.get("further"):
        return None
    if earlier.medians_s:
        interval = median_interval(earlier.medians_s, rule["coverage"])
        if interval.claimed and interval.half_width <= rule["precision"]:
            return PRECISE_BEFORE
    cap_s = rule.get("cell_cap_s")
    return None if cap_s is None or earlier.spent_s < cap_s else CAP_BEFORE


def fewest_visits(number: int, earlier: int, rule: dict) -> int:
    """Undisturbed visits that the run of round `number` owes its cell, which has `earlier` ones.

    They are the rule's `visits`, and those that earlier rounds lost to disturbances, which are
    better made up for minutes later than at once; at most `max_visits`. With the paper's protocol
    nothing is made up for.
    """
    if rule["protocol"] == "paper":
        return rule["visits"]
    return min(max(rule["visits"], number * rule["visits"] - earlier), rule["max_visits"])


def reason_to_stop(
    own_s: Sequence[float], earlier: SoFar, made: int, elapsed_s: float, fewest: int, rule: dict
) -> str | None:
    """Why a run ends after its visit number `made`, or None when it must go on.

    `own_s` are the medians (s) of the clean visits of this run, `earlier` is what the cell's
    earlier rounds found, `fewest` what the run owes (see `fewest_visits`). `rule` is the protocol:
    coverage, precision, max_visits, time_cap_s. With too few visits for an interval their range
    takes its place. A round is done, whatever its precision, when the further visits that it may
    make could not narrow the interval. The time cap waits for the fewest visits. The paper's
    protocol has its own end.
    """
    if rule["protocol"] == "paper":
        return PASSES_DONE if made >= fewest else None
    if len(own_s) >= fewest:
        medians_s = [*earlier.medians_s, *own_s]
        interval = median_interval(medians_s, rule["coverage"])
        if interval.half_width <= rule["precision"]:
            return PRECISE if interval.claimed else ROUND_DONE
        more = rule["max_visits"] - len(own_s)
        if more > 0 and not could_narrow(len(medians_s), more, rule["coverage"]):
            return ROUND_DONE
    repeated = min(MOST_REPEATED, fewest)
    if len(own_s) >= rule["max_visits"] or made >= rule["max_visits"] + repeated:
        return MOST_VISITS
    owed_none = len(own_s) >= fewest or made >= fewest + repeated
    return TIME_CAP if owed_none and elapsed_s >= rule["time_cap_s"] else None


def calls_per_pass(inputs: int, batch_size: int) -> int:
    """Calls that predict every input once; the last batch of a pass is filled up."""
    return -(-inputs // batch_size)


NS = 1_000_000_000
LONG_NS, SLOW_NS, VERY_SLOW_NS = NS // 100, 3 * NS // 100, 6 * NS // 10


def calls_wanted(call_ns: float, min_calls: int) -> int:
    """Fewest timed calls: one when a call takes over 0.03 s, as visits vary more than its calls."""
    return 1 if call_ns > SLOW_NS else min_calls


SLOWER = 1.2
"""Of a visit: the kernel varies by 5 % on an undisturbed CPU and its clock drifts by as much and
more; a neighbour on the same core makes it 1.3 to 1.5."""
NOTICEABLE = 1.1
"""Of a single calibration before a study, where many are looked at within seconds."""
LEAST_CPU_SHARE = 0.95
MOST_STEAL = 0.01


def disturbance(visit: dict, reference_s: float) -> str:
    """The signs that a visit was disturbed, in words; empty for a clean one.

    `visit` has calibration_before_s, calibration_after_s, cpu_share, steal_share, threads and
    device; `reference_s` is the undisturbed time of the calibration kernel, which may take 1.2
    times as long. The share of CPU time counts for cells of one thread on the CPU only, whose
    thread should never wait.
    """
    signs = []
    slowest = max(visit["calibration_before_s"], visit["calibration_after_s"]) / reference_s
    if slowest > SLOWER:
        signs.append(f"calibration {slowest:.2f} times the reference")
    share = visit["cpu_share"]
    if visit["device"] == "CPU" and visit["threads"] == 1 and share < LEAST_CPU_SHARE:
        signs.append(f"CPU share {share:.2f}")
    if (visit["steal_share"] or 0) > MOST_STEAL:
        signs.append(f"steal {100 * visit['steal_share']:.1f} %")
    return ", ".join(signs)
