"""When a run has enough visits: decided between visits, by the interval of their median."""

from collections.abc import Sequence

from tfscale.interval import could_narrow, median_interval

MOST_REPEATED = 3
"""Disturbed visits of a run that are made up for at once; later rounds make up for the others."""
PRECISE, ROUND_DONE, MOST_VISITS, TIME_CAP, PASSES_DONE, PRECISE_BEFORE = (
    "precision reached", "round done", "most visits", "time cap", "passes done",
    "precision reached before",
)  # fmt: skip


def precise_before(earlier_s: Sequence[float], rule: dict) -> bool:
    """Whether a further round has nothing to do: the clean medians (s) of the earlier rounds
    already give an interval that is as narrow as asked."""
    if not rule.get("further") or not earlier_s:
        return False
    interval = median_interval(earlier_s, rule["coverage"])
    return interval.claimed and interval.half_width <= rule["precision"]


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
    own_s: Sequence[float], earlier_s: Sequence[float], made: int, elapsed_s: float,
    fewest: int, rule: dict,
) -> str | None:  # fmt: skip
    """Why a run ends after its visit number `made`, or None when it must go on.

    `own_s` and `earlier_s` are the medians (s) of the clean visits of this run and of the cell's
    earlier rounds, `fewest` what it owes (see `fewest_visits`). `rule` is the protocol: coverage,
    precision, max_visits, time_cap_s. With too few visits for an interval their range takes its
    place. A round is done, whatever its precision, when the further visits that it may make could
    not narrow the interval. The time cap waits for the fewest visits. The paper's protocol has its
    own end.
    """
    if rule["protocol"] == "paper":
        return PASSES_DONE if made >= fewest else None
    if len(own_s) >= fewest:
        medians_s = [*earlier_s, *own_s]
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
