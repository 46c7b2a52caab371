"""What to know before trusting a number, of the study and of a cell."""

import re
from collections.abc import Iterator
from math import expm1, log

import pandas as pd

from tfscale.report.tables import NOISY
from tfscale.study.architecture import CLASSES
from tfscale.timing.calm import reference
from tfscale.timing.protocol import TIME_CAP
from tfscale.units import HOUR_S, duration, percent
from tfscale.words import counted, have


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


_NUMBER = re.compile(r"\d+(\.\d+)?")
AT_CHANCE = 0.03
BUSY_SHARE, BUSY_SLICES = 0.1, 0.2
"""Of the visits and of their slices; on an undisturbed machine up to a tenth of the slices go."""
SLOW_COPY, BUSY_MEMORY = 1.1, 0.25
"""Copies of memory over 1.1 times the undisturbed one count as slow: say so from a quarter on."""


def marks(
    cells: pd.DataFrame, visits: pd.DataFrame, drift: pd.DataFrame, machine: dict, timing: dict
) -> list[str]:
    """One sentence a reservation; `machine` is what was seen before the study, `timing` the
    timing section of the configuration."""
    return [
        *_machine(visits, machine),
        *_disturbed(cells, visits),
        *_memory(visits),
        *precision_marks(cells, visits, timing),
        *repeat_marks(cells, timing["precision"]),
        *_drift(drift, timing["precision"]),
        *_models(cells),
    ]


def _machine(visits: pd.DataFrame, machine: dict) -> Iterator[str]:
    for line in machine["warnings"]:
        yield f"Before the study: {line}."
    runs = visits.drop_duplicates(["cell", "round", "sentinel"])
    lines = [line for said in runs["warnings"] for line in said.split("\n") if line]
    alike: dict[str, list[str]] = {}
    for line in lines:
        alike.setdefault(_NUMBER.sub("#", line), []).append(line)
    for same in alike.values():
        line = same[0] if len(set(same)) == 1 else f"for instance, {same[0]}"
        yield f"{line[0].upper()}{line[1:]} ({len(same)} of {len(runs)} runs)."
    if visits["machine"].nunique() > 1:
        names = ", ".join(visits["machine"].unique())
        yield f"The study was timed on several machines or environments, never pooled: {names}."


def _disturbed(cells: pd.DataFrame, visits: pd.DataFrame) -> Iterator[str]:
    disturbed = visits["disturbed"].astype(bool)
    others = visits.loc[~disturbed, ["slices", "slices_left_out"]].sum()
    left_out = others["slices_left_out"] / max(others["slices"], 1)
    shorter = left_out > BUSY_SLICES
    if disturbed.any() or shorter:
        busy = "The machine was busy: " if disturbed.mean() > BUSY_SHARE or shorter else ""
        parts = f", and {percent(left_out)} of the slices of the others" if shorter else ""
        yield (
            f"{busy}{int(disturbed.sum())} of {len(visits)} visits "
            f"({percent(disturbed.mean())}) were disturbed by physical signs (calibration, CPU "
            f"share, steal) and left out{parts}."
        )
    if lost := int((cells["clean_visits"] == 0).sum()):
        yield f"{have(lost)} disturbed visits only: all of them were used."
    if noisy := int((cells["noise_index"] > NOISY).sum()):
        yield (
            f"{have(noisy)} a typical latency of over {NOISY} times the undisturbed one "
            "(see the column noise)."
        )


def _memory(visits: pd.DataFrame) -> Iterator[str]:
    """Whether others used the memory, which the calibration of the CPU does not notice."""
    copies_s = visits[["memory_copy_before_s", "memory_copy_after_s"]].max(axis=1).dropna()
    calm_s = copies_s.groupby(visits["host"]).transform(reference)
    slow = float((copies_s > SLOW_COPY * calm_s).mean())
    if slow > BUSY_MEMORY:
        yield (
            f"The memory was busy: copying 64 MiB took over {SLOW_COPY} times its undisturbed time "
            f"round {percent(slow)} of the visits, which are not left out for it. Calls that read "
            "much data vary with it; another virtual machine on the same host is enough."
        )


def _drift(drift: pd.DataFrame, precision: float) -> Iterator[str]:
    """Changes of the whole machine beyond the asked precision, when their interval excludes 1."""
    for row in drift.to_dict("records"):
        certain = row["total_low"] > 1 or row["total_high"] < 1
        if certain and abs(log(row["total"])) > precision:
            what = (
                f"in the {duration(HOUR_S * row['span_h'])} of the study"
                if row["term"] == "per_hour"
                else f"in {row['term'].replace('_', ' ')} against round 1"
            )
            yield (
                f"Drift on {row['machine']}: times changed by the factor {row['total']:.2f} "
                f"({row['total_low']:.2f} to {row['total_high']:.2f}) {what}."
            )


def _models(cells: pd.DataFrame) -> Iterator[str]:
    chance = 1 / cells["model"].map(CLASSES)
    if guessing := int((cells["test_accuracy"] < chance + AT_CHANCE).sum()):
        yield (
            f"{have(guessing)} a model that its training budget left guessing (test accuracy at "
            "chance): the latency holds, the predictions say nothing."
        )


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
