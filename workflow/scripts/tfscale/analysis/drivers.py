"""What drives the time: how many times as long along each axis, the others fixed."""

from collections.abc import Iterator
from itertools import product

import numpy as np
import pandas as pd

from tfscale.analysis.slices import OWN, effective, fixed_axes, slice_numbers, split, usual
from tfscale.axes import AXES, COMPARED
from tfscale.files.columns import Described, bounded, count, number, text

TOO_WIDE = 5.0
"""A bracket that spans this factor does not say how large an effect is."""
MEDIANS = ["latency_s", "low_s", "high_s", "predicted"]
DRIVERS = Described(
    {
        **OWN,
        "factor": text("axis"),
        "lowest": number("lowest level of the pairs"),
        "highest": number("highest level of the pairs"),
        **bounded("ratio", "latency at the highest level over that at the lowest, median of pairs"),
        "pairs": count("pairs of cells that differ in the axis alone"),
        "predicted": count("pairs with a latency that is predicted, as a sample leaves it out"),
        "depends_on": text("the axis that the ratio changes most with, where that is much"),
        "at_low": number("its lowest level among the pairs"),
        "ratio_at_low": number("median ratio there"),
        "at_high": number("its highest level"),
        "ratio_at_high": number("median ratio there"),
    }
)


def drivers(cells: pd.DataFrame) -> pd.DataFrame:
    """One row a machine, model and axis with an order, the strongest first, batch size last: more
    examples a call are more work, whatever the model.

    The pairs are cells at the two ends of a slice (all other axes fixed), of the widest kind of
    slice that the study has. `ratio_low` and `ratio_high` hold every pair's ratio with the
    intervals of its latencies, where these have some; one pair without has none, nor have
    predictions without. Where they are over 5 times apart, `depends_on` says with what. Of several
    runtimes the usual one is meant.
    """
    claimed = cells["coverage"].notna()
    known = cells.assign(
        low_s=cells["latency_low_s"].where(claimed),
        high_s=cells["latency_high_s"].where(claimed),
        predicted=cells.get("predicted", 0.0),
    )
    rows = [
        {"machine": machine, "model": model} | row
        for (machine, model), table in split(known)
        for row in _strongest_first(usual(table, COMPARED).reset_index(drop=True))
    ]
    return pd.DataFrame(rows, columns=DRIVERS.names)


def _strongest_first(table: pd.DataFrame) -> list[dict]:
    pairs = {factor: _pairs(table, factor) for factor in effective(table)}
    found = [_driver(rows, factor) for factor, rows in pairs.items() if rows is not None]
    found.sort(key=lambda row: -abs(np.log(row["ratio"])))
    return sorted(found, key=lambda row: row["factor"] == "batch_size")


def _pairs(table: pd.DataFrame, factor: str) -> pd.DataFrame | None:
    """The matched pairs of the widest slices: their other axes, lowest, highest, ratio, low, high;
    None where no two cells differ in `factor` alone."""
    own = slice_numbers(table, factor)
    ends = table.groupby(own)[factor].agg(["min", "max"])
    ends = ends[ends["max"] > ends["min"]]
    if ends.empty:
        return None
    spans = ends.value_counts().reset_index()
    spans["span"] = spans["max"] / spans["min"]
    lowest, highest = spans.sort_values(["span", "count"]).iloc[-1][["min", "max"]]
    low, high = (
        table[table[factor] == level].groupby(own)[MEDIANS].median() for level in (lowest, highest)
    )
    matched = low.join(high, lsuffix="_first", rsuffix="_last", how="inner")
    if len(matched) > 1:  # their spread tells what latencies without an interval do not
        for end, side in product(("first", "last"), ("low_s", "high_s")):
            bare_s = matched[f"latency_s_{end}"].where(matched[f"predicted_{end}"] == 0)
            matched[f"{side}_{end}"] = matched[f"{side}_{end}"].fillna(bare_s)
    others = fixed_axes(table, factor).groupby(own).first().loc[matched.index]
    return others.assign(
        lowest=lowest,
        highest=highest,
        ratio=matched["latency_s_last"] / matched["latency_s_first"],
        low=matched["low_s_last"] / matched["high_s_first"],
        high=matched["high_s_last"] / matched["low_s_first"],
        predicted=matched[["predicted_first", "predicted_last"]].any(axis=1),
    )


def _driver(pairs: pd.DataFrame, factor: str) -> dict:
    found = {
        "factor": factor,
        "lowest": pairs["lowest"].iloc[0],
        "highest": pairs["highest"].iloc[0],
        "ratio": pairs["ratio"].median(),
        "ratio_low": pairs["low"].min(skipna=False),
        "ratio_high": pairs["high"].max(skipna=False),
        "pairs": len(pairs),
        "predicted": pairs["predicted"].sum(),
    }
    if found["ratio_high"] < TOO_WIDE * found["ratio_low"]:
        return found
    return found | max(_dependences(pairs), key=lambda one: one.pop("strength"), default={})


def _dependences(pairs: pd.DataFrame) -> Iterator[dict]:
    """For each other axis with an order that varies: the median ratio at its ends, and how far
    these are apart."""
    for axis in pairs.columns.intersection([a for a in AXES if AXES[a].ordered]):
        medians = pairs.groupby(axis)["ratio"].median()
        if len(medians) > 1:
            yield {
                "depends_on": axis,
                "at_low": medians.index[0],
                "ratio_at_low": medians.iloc[0],
                "at_high": medians.index[-1],
                "ratio_at_high": medians.iloc[-1],
                "strength": abs(np.log(medians.iloc[-1] / medians.iloc[0])),
            }
