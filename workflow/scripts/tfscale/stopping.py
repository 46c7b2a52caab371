"""When a run has enough visits: decided between visits, by the interval of their median."""

from collections.abc import Sequence

from tfscale.interval import median_interval

MOST_REPEATED = 3
"""Disturbed visits of a run that are made up for by further ones."""
PRECISE, MOST_VISITS, TIME_CAP, PASSES_DONE = (
    "precision reached", "most visits", "time cap", "passes done",
)  # fmt: skip


def reason_to_stop(
    own_s: Sequence[float], earlier_s: Sequence[float], made: int, elapsed_s: float, rule: dict
) -> str | None:
    """Why a run ends after its visit number `made`, or None when it must go on.

    `own_s` and `earlier_s` are the medians (s) of the clean visits of this run and of the cell's
    earlier rounds. `rule` is the protocol: coverage, precision, visits, max_visits, time_cap_s.
    With too few visits for an interval the range takes its place in the first round, which need
    not go on until it could claim one alone; later rounds go on until they can. The time cap waits
    for the fewest visits. The paper's protocol has its own end.
    """
    if rule["protocol"] == "paper":
        return PASSES_DONE if made >= rule["visits"] else None
    if len(own_s) >= rule["visits"]:
        interval = median_interval([*earlier_s, *own_s], rule["coverage"])
        enough = interval.claimed or not earlier_s
        if enough and interval.half_width <= rule["precision"]:
            return PRECISE
    if len(own_s) >= rule["max_visits"] or made >= rule["max_visits"] + MOST_REPEATED:
        return MOST_VISITS
    fewest = len(own_s) >= rule["visits"] or made >= rule["visits"] + MOST_REPEATED
    return TIME_CAP if fewest and elapsed_s >= rule["time_cap_s"] else None
