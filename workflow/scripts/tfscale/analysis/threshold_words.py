"""Thresholds in words: where one was found, and what would have been found where none was."""

import pandas as pd

from tfscale.axis_words import AXIS_WORDS
from tfscale.phrases import p_words, share

SERIES = ["machine", "model", "factor"]
FOUND, NONE, OPEN, UNTESTED = "threshold", "no threshold", "undetermined", "not testable"


def threshold_sentences(table: pd.DataFrame) -> list[str]:
    """Sentences on the table of `thresholds`: one a threshold, then for each machine, model and
    factor one on the sweeps without, one on the undetermined and one a reason for no test."""
    found = [_found(row) for row in table[table["verdict"] == FOUND].to_dict("records")]
    rest = []
    for (machine, model, factor), rows in table.groupby(SERIES, sort=False):
        head = f"{model} on {machine}, {AXIS_WORDS[factor].name}"
        rest += _without(head, rows[rows["verdict"] == NONE], len(rows))
        rest += _by_reason(head, rows[rows["verdict"] == OPEN], OPEN)
        rest += _by_reason(head, rows[rows["verdict"] == UNTESTED], UNTESTED)
    return [*found, *rest]


def _found(row: dict) -> str:
    alone = "" if row["slice"] == "all" else f" ({row['slice']})"
    unit = "batch size" if row["x"] == "batch_size" else "FLOP a call"
    return (
        f"{row['model']} on {row['machine']}, {AXIS_WORDS[row['factor']].name}{alone}: a threshold "
        f"in {unit}, {row['reason']}, at most {share(row['change'])} off what came before "
        f"({p_words(row['p_value'])} against overhead + work, {p_words(row['p_smooth'])} against "
        f"every smooth curve, {row['bic_advantage']:.1f} better in BIC, q = {row['q_value']:.2g})."
    )


def _without(head: str, rows: pd.DataFrame, sweeps: int) -> list[str]:
    if rows.empty:
        return []
    jump, where = rows["smallest_jump_found"].max(), ""
    if sweeps > 1:
        where = f" in {len(rows)} of {sweeps} sweeps"
    if pd.isna(jump):
        return [f"{head}: no threshold{where}; any change is below 10 %."]
    told = int(rows["smallest_jump_found"].notna().sum())
    every = " in each of them" if told == len(rows) > 1 else ""
    if told < len(rows):
        every = f" in {told} of them, in the others a break is below 10 %"
    return [
        f"{head}: no threshold{where}; a jump of {share(jump)} would have been found{every} "
        "(19 times in 20)."
    ]


def _by_reason(head: str, rows: pd.DataFrame, verdict: str) -> list[str]:
    """One sentence a reason with the number of its sweeps."""
    return [
        f"{head}: a threshold is {verdict}: {reason} ({count} sweep{'s' if count > 1 else ''})."
        for reason, count in rows["reason"].value_counts(sort=False).items()
    ]
