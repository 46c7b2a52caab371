"""The border between overhead and work: from how much work on time grows in proportion to it."""

import numpy as np
import pandas as pd

from tfscale.analysis.slices import GROUP_COLUMNS
from tfscale.analysis.work_model import TERMS, TOO_FEW, Fitted, bounds
from tfscale.files.columns import Described, bounded, count, text

BORDERS = Described(
    {
        **GROUP_COLUMNS,
        **bounded("overhead", "seconds of a call whatever its work, median over cells", "_s"),
        **bounded("border", "FLOP of a call at which work takes as long as overhead", "_flop"),
        "cells": count("cells of the fit"),
        "below": text("the cell of the most FLOP below the border"),
        "above": text("the cell of the least FLOP above it"),
        "verdict": text("within, below or above what was run, or not testable and why"),
    }
)
OVERHEAD = np.array([term.bound == "overhead" for term in TERMS.values()])
TINY = 1e-12
"""A share of a call's time that stands for none: its logarithm is finite."""


def borders(fitted: list[Fitted], confidence: float) -> pd.DataFrame:
    """One row a group: the overhead of a call, and the FLOP at which work takes as long.

    By the work model a cell takes overhead + work. The logarithm of work over overhead is drawn as
    a line against the logarithm of the FLOP of a call; the border is where it crosses 0. Intervals
    are percentiles of the bootstrap. Not testable where that cannot be told: too few cells, all of
    the same FLOP, or work that does not grow with them.
    """
    rows = [one.group | _border(one, confidence) for one in fitted]
    return pd.DataFrame(rows, columns=BORDERS.names)


CALL_FLOP = ("flop_per_example", "flop_per_call")
"""FLOP that each example of a call takes, and that a call takes whatever its batch."""


def call_flop(cells: pd.DataFrame) -> pd.Series:
    """FLOP of a call of each cell."""
    each, once = CALL_FLOP
    return cells["called_batch"] * cells[each] + cells[once]


def _border(one: Fitted, confidence: float) -> dict:
    flop = call_flop(one.cells)
    found = {"cells": len(flop)}
    low_s, high_s = bounds(
        np.array([_overhead_s(one, costs) for costs in one.draws]), confidence, 1
    )
    found |= {"overhead_s": _overhead_s(one, one.model.costs)[0]}
    found |= {"overhead_low_s": low_s[0], "overhead_high_s": high_s[0]}
    if not len(one.draws):
        return found | {"verdict": f"not testable: {TOO_FEW}"}
    place = crossing(one.x, one.model.costs, flop)
    drawn = np.array([crossing(one.x, costs, flop) for costs in one.draws])
    if not np.isfinite(place):
        return found | {"verdict": "not testable: work does not grow with the FLOP of a call"}
    low, high = bounds(np.nan_to_num(drawn, nan=np.inf)[:, None], confidence, 1)
    ordered = one.cells.assign(flop=flop).sort_values("flop", kind="stable")
    under, over = ordered[ordered["flop"] < place], ordered[ordered["flop"] >= place]
    return found | {
        "border_flop": place,
        "border_low_flop": low[0],
        "border_high_flop": high[0],
        "below": under["cell"].iloc[-1] if len(under) else "",
        "above": over["cell"].iloc[0] if len(over) else "",
        "verdict": "within" if len(under) and len(over) else ("above" if len(under) else "below"),
    }


def _overhead_s(one: Fitted, costs: np.ndarray) -> np.ndarray:
    return np.median(one.x[:, OVERHEAD] @ costs[OVERHEAD], keepdims=True)


def crossing(x: np.ndarray, costs: np.ndarray, flop: pd.Series) -> float:
    """FLOP at which the line of ln(work / overhead) against ln FLOP is 0, by least squares over
    cells; NaN where it does not rise. `x` is the matrix of `work_model.design`."""
    some = flop.to_numpy(float) > 0
    total_s = x @ costs
    overhead = np.clip(x[:, OVERHEAD] @ costs[OVERHEAD] / total_s, TINY, 1 - TINY)[some]
    log_flop, ratio = np.log(flop.to_numpy(float)[some]), np.log((1 - overhead) / overhead)
    if len(log_flop) < 2 or np.ptp(log_flop) < TINY:
        return float("nan")
    slope, at_zero = np.polyfit(log_flop, ratio, 1)
    return float(np.exp(-at_zero / slope)) if slope > TINY else float("nan")
