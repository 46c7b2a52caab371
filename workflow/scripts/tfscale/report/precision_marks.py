"""How well the latencies are known, and how others would find them: warnings of the report."""

from collections.abc import Iterator
from math import expm1

import pandas as pd

from tfscale.phrases import counted, have
from tfscale.timing.stopping import TIME_CAP
from tfscale.units import percent


def precision_marks(cells: pd.DataFrame, visits: pd.DataFrame, timing: dict) -> Iterator[str]:
    """Cells without an interval, at a cap, wider than asked (and what narrows them), unsettled."""
    if few := int(cells["coverage"].isna().sum()):
        yield f"{have(few)} too few visits for an interval: read the range."
    if capped := int((cells["stop_reason"] == TIME_CAP).sum()):
        cap = f"the time cap of {timing['time_cap_s']:g} s a run"
        yield f"{counted(capped, 'cell')} ended at {cap}."
    wide = ~(cells["half_width"] <= timing["precision"])
    if timing["protocol"] != "paper" and wide.any():
        yield (
            f"{int(wide.sum())} of {len(cells)} cells are known less well than the asked "
            f"{percent(timing['precision'])}{_widest(cells)}. "
            + _remedy(cells[wide], visits, timing)
        )
    if unsettled := int((cells["unsettled_visits"] > 0).sum()):
        yield f"{have(unsettled)} visits whose warm-up did not settle."


def repeat_marks(cells: pd.DataFrame, precision: float) -> Iterator[str]:
    """What the rounds say of another study, which sees other disturbances than this one."""
    typical = expm1(cells["repeat_half_width"].median())
    if typical > precision:
        yield (
            f"Another such study would find a cell within {percent(typical)} of its value here "
            "(median cell, 95 %, from how far apart the rounds are; a busier hour is further off): "
            "smaller differences between studies say nothing."
        )


def _remedy(wide: pd.DataFrame, visits: pd.DataFrame, timing: dict) -> str:
    """What narrows the intervals of these cells, and how many have used up their time."""
    more = "A higher timing.further_rounds times these again, and no others"
    cap_s = timing.get("cell_cap_s")
    own = visits[~visits["sentinel"]].groupby(["machine", "cell"])["visit_s"].sum()
    spent_s = own.reindex(pd.MultiIndex.from_frame(wide[["machine", "cell"]]))
    capped = 0 if cap_s is None else int((spent_s >= cap_s).sum())
    if not capped:
        return f"{more}."
    return (
        f"{more}, but for {capped} whose visits have taken timing.cell_cap_s ({cap_s:g} s): with a "
        "higher one, all further rounds are made again."
    )


def _widest(cells: pd.DataFrame) -> str:
    widest = cells["half_width"].max()
    return (
        " or have no interval"
        if pd.isna(widest)
        else f"; the widest half-width is {percent(widest, 1)}"
    )
