"""A verdict for CI: did a new environment, or runtime, make calls slower?"""

from collections.abc import Mapping
from math import ceil

import numpy as np
import pandas as pd

from tfscale.analysis.comparison import OPEN, SLOWER, Differences, joined, paired
from tfscale.analysis.slices import by_model
from tfscale.analysis.statistics import process_rows, run_rows
from tfscale.errors import StudyError
from tfscale.files.whole import write_text
from tfscale.tables.latency import read_processes
from tfscale.units import percent, three
from tfscale.words import between, counted

MOST_NAMED = 5
MOST_ROUNDS = 100
FINE = "fine"
WHOLE = "all cells (geometric mean)"


def gate(
    cells_path: str, runs_path: str, compare: dict | None, confidence: float, verdict: str
) -> str:
    """Write the verdict on the comparison that the configuration asks for, in words, and return it.

    Raises StudyError with it where calls are slower beyond doubt by more than the limit: in the
    geometric mean of all cells, or in a cell (its interval is corrected for their number).
    """
    if compare is None:
        raise StudyError("there is nothing to compare: name compare in config.yaml")
    cells = pd.read_parquet(cells_path)
    runs = run_rows(process_rows(read_processes(runs_path), cells))
    found, words = judged(differences_of(runs, compare), compare, confidence)
    if found == SLOWER:
        raise StudyError(words)
    write_text(verdict, f"{words}\n")
    return words


def differences_of(runs: pd.DataFrame, compare: Mapping) -> Differences:
    """The cells of all families that have both values, a row each; `runs` has one a cell and
    round."""
    axis, base, new = (compare[key] for key in ("of", "base", "new"))
    pairs = []
    for _, model, table in by_model(runs, "latency_s"):
        found = paired(table, axis, base, new)
        pairs.append(Differences(axis, base, new, found, pd.Series(model, found.index)))
    whole = joined(pairs)
    if whole.by_round.empty:
        raise StudyError(f"no cell has both {axis} {base} and {new} (compare)")
    return whole


def judged(pairs: Differences, compare: Mapping, confidence: float) -> tuple[str, str]:
    """The verdict (slower, fine or undetermined) and its words."""
    alpha, limit = 1 - confidence, compare["slower_at_most"]
    cells = pairs.cells(alpha / len(pairs.by_round)).drop(columns="p_value")
    mean = pairs.mean(alpha)
    ratios = ["ratio", "ratio_low", "ratio_high"]
    every = pd.concat([pd.DataFrame([mean], index=[WHOLE])[ratios], cells[ratios]])
    slower = every[every["ratio_low"] > limit].sort_values("ratio", ascending=False)
    named = ", ".join(map(_told, slower.index[:MOST_NAMED], slower.to_dict("records")))
    more = f" and {len(slower) - MOST_NAMED} more" if len(slower) > MOST_NAMED else ""
    who = f"{compare['new']} over {compare['base']}"
    if len(slower):
        return SLOWER, f"slower by more than {percent(limit - 1)}, {who}: {named}{more}"
    unsure = every[~(every["ratio_high"] <= limit)]
    largest = every["ratio"].idxmax()
    told = _told(str(largest), every.loc[largest].to_dict())
    if unsure.empty:
        return FINE, f"no slowdown above {percent(limit - 1)}, {who} (largest: {told})"
    worst = unsure["ratio_high"].fillna(float("inf")).idxmax()
    told = _told(worst, unsure.loc[worst].to_dict())
    and_mean = " and their mean" if WHOLE in unsure.index else ""
    number = len(unsure.drop(WHOLE, errors="ignore"))
    which = f"{number} of {counted(len(cells), 'cell')}{and_mean}"
    rounds = _rounds(unsure, limit, int(mean["rounds"]))
    would = f"about {rounds} rounds" if rounds else f"more than {MOST_ROUNDS} rounds"
    return OPEN, (
        f"undetermined, {who}: {which} may "
        f"be slower by more than {percent(limit - 1)} (at worst: {told}); {would} would decide "
        "(timing.rounds)"
    )


def _told(name: object, row: Mapping) -> str:
    bounds = between(row["ratio_low"], row["ratio_high"])
    return f"{name} {three(row['ratio'])} times {bounds}"


def _rounds(unsure: pd.DataFrame, limit: float, rounds: int) -> int | None:
    """The rounds after which no interval would hold the limit, when the ratios stayed and the
    intervals narrowed as the root of the rounds; None where that is not known or too many."""
    away = np.log(unsure["ratio"] / limit).abs()
    width = np.log(unsure["ratio_high"] / unsure["ratio"])
    needed = rounds * (width / away).pow(2).max(skipna=False)
    return ceil(needed) if needed <= MOST_ROUNDS else None
