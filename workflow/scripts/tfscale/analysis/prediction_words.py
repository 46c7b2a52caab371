"""Cells that were not run, and the largest model within the latency budget, in words."""

import pandas as pd

from tfscale.analysis.group_words import counted, groups, scaled
from tfscale.analysis.within_budget import SIZES
from tfscale.units import percent, seconds

MOST_AXES = 4
SIZE_WORDS = {"FLOP": ("FLOP", "an example"), "weights": ("byte", "of weights")}


def prediction_words(predicted: pd.DataFrame, coverage: pd.DataFrame) -> list[str]:
    """Per machine and model: how many cells are predicted, how many beyond what was run, how wide
    and how reliable the intervals are. As from `predict_cells` and `coverage_table`."""
    sentences = []
    for name, own in groups(predicted, ["machine", "model"]):
        sentences.append(_predicted(name, own))
    for name, own in groups(coverage):
        row = own.iloc[0]
        if pd.isna(row["covered_percent"]):
            why = row["note"].removeprefix("not testable: ")
            sentences.append(f"{name}: the intervals' coverage is not testable: {why}.")
        else:
            sentences.append(
                f"{name}: intervals that ask for {row['asked_percent']:.0f} % hold "
                f"{row['covered_percent']:.0f} % of {row['cells']} latencies when each of "
                f"{counted(row['architectures'], 'architecture')} is left out in turn."
            )
    return sentences


def _predicted(name: str, own: pd.DataFrame) -> str:
    known = own[own["latency_s"].notna()]
    bounded = known[known["latency_high_s"].notna()]
    beyond = known[known["extrapolates"] != ""]
    parts = [f"{counted(len(known), 'cell')} predicted"]
    within = bounded[bounded["extrapolates"] == ""]
    if len(within):
        width = (within["latency_high_s"] / within["latency_low_s"]) ** 0.5 - 1
        parts.append(f"{len(within)} to within ± {percent(width.median())} (median)")
    if len(beyond):
        axes = ", ".join(beyond["extrapolates"].str.split("; ").explode().unique()[:MOST_AXES])
        parts.append(f"{len(beyond)} beyond what was run ({axes}), where no interval holds")
    if len(known) > len(bounded):
        why = known.loc[known["latency_high_s"].isna(), "note"].iloc[0]
        parts.append(f"{len(known) - len(bounded)} without an interval ({why})")
    if len(own) > len(known):
        why = own.loc[own["latency_s"].isna(), "note"].iloc[0].removeprefix("not testable: ")
        parts.append(f"{len(own) - len(known)} not testable ({why})")
    run = bounded[bounded["measured_s"].notna()]
    if len(run):
        inside = run["measured_s"].between(run["latency_low_s"], run["latency_high_s"]).sum()
        parts.append(f"of {counted(len(run), 'cell')} run after all {inside} lie in the interval")
    return f"{name}: {', '.join(parts)}."


def budget_words(table: pd.DataFrame) -> list[str]:
    """Per machine, model and source: the largest model within the budget. As from
    `within_budget`."""
    sentences = []
    for name, own in groups(table, ["machine", "model"]):
        for source, rows in own.groupby("source", sort=False):
            budget = seconds(rows["budget_s"].iloc[0])
            first = rows.iloc[0]
            if pd.isna(first["cell"]):
                sentences.append(
                    f"{name}: of the {source} cells {first['verdict']} (budget {budget} a call)."
                )
                continue
            for cell, same in rows.groupby("cell", sort=False):
                sentences.append(f"{name}: {_largest(str(cell), same, str(source), budget)}")
    return sentences


def _largest(cell: str, rows: pd.DataFrame, source: str, budget: str) -> str:
    row = rows.iloc[0]
    sizes = " and ".join(
        f"{scaled(row[SIZES[by]], SIZE_WORDS[by][0])} {SIZE_WORDS[by][1]}"
        for by in rows["largest_by"]
    )
    interval = (
        f" ({seconds(row['latency_low_s'])} to {seconds(row['latency_high_s'])})"
        if pd.notna(row["latency_high_s"])
        else ""
    )
    return (
        f"within {budget} a call the largest model of the {source} cells by "
        f"{' and '.join(rows['largest_by'])} ({sizes}) is {cell}: {seconds(row['latency_s'])}"
        f"{interval}; {row['verdict']}."
    )
