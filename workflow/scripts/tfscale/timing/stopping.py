"""When a run has enough visits: decided between visits, by the interval of their median."""

from collections.abc import Sequence

from tfscale.timing.interval import could_narrow, median_interval
from tfscale.timing.so_far import SoFar

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
