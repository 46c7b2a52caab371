"""The reservations about a single cell, in a word or three, to stand where its number stands."""

import pandas as pd

from tfscale.report.marks import AT_CHANCE
from tfscale.report.page_tables import NOISY
from tfscale.study.architecture import CLASSES
from tfscale.timing.stopping import TIME_CAP

MOSTLY = 0.5
"""Above this share of disturbed visits a cell says so."""


def cell_marks(cells: pd.DataFrame, outliers: pd.DataFrame, timing: dict) -> list[list[str]]:
    """For every cell its marks (mostly none). `outliers` are the flagged rows (machine, cell),
    `timing` is that section of the configuration."""
    flagged = set(zip(outliers["machine"], outliers["cell"], strict=True))
    return [_marks(row, flagged, timing) for row in cells.to_dict("records")]


def _marks(row: dict, flagged: set[tuple[str, str]], timing: dict) -> list[str]:
    disturbed = row["visits"] - row["clean_visits"]
    unknown = pd.isna(row["coverage"])
    asked = timing["protocol"] != "paper"
    found = {
        "built-in data": row["data"] == "builtin",
        "no interval": unknown,
        f"wider than ± {100 * timing['precision']:g} %": asked
        and not unknown
        and row["half_width"] > timing["precision"],
        "disturbed visits only": row["clean_visits"] == 0,
        f"{disturbed} of {row['visits']} visits disturbed": row["clean_visits"] > 0
        and disturbed > MOSTLY * row["visits"],
        f"{row['unsettled_visits']} of {row['visits']} visits unsettled": row["unsettled_visits"],
        "time cap": row["stop_reason"] == TIME_CAP,
        "noisy": row["noise_index"] > NOISY,
        "outlier": (row["machine"], row["cell"]) in flagged,
        f"{row['rounds']} of {timing['rounds']} rounds": row["rounds"] < timing["rounds"],
        "guessing model": row["test_accuracy"] < 1 / CLASSES[row["model"]] + AT_CHANCE,
    }
    return [words for words, holds in found.items() if holds]


def study_marks(outliers: pd.DataFrame, predictions: pd.DataFrame) -> list[str]:
    """One sentence each on outliers, and on predictions beyond what was run."""
    said = []
    if len(outliers):
        names = ", ".join(outliers["cell"].astype(str).unique()[:5])
        more = " and others" if outliers["cell"].nunique() > 5 else ""
        said.append(f"Flagged as outliers, kept in every number: {names}{more}.")
    beyond = predictions["extrapolates"].fillna("").astype(str).str.len() > 0
    if beyond.any():
        said.append(
            f"{int(beyond.sum())} of {len(predictions)} predictions lie beyond what was run: "
            "their intervals do not hold."
        )
    return said
