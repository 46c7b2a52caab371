"""What to know before trusting a number, of the study and of a cell."""

import re
from collections.abc import Iterator, Mapping, Sequence
from math import ceil, expm1, log

import pandas as pd

from tfscale.units import HOUR_S, duration, percent
from tfscale.words import counted, have

NOISY = 1.25
"""From this ratio of typical to undisturbed latency on a cell counts as noisy."""
MOSTLY = 0.5
"""Above this share of disturbed processes a cell says so."""
CHANGED = 0.05
"""Drift, and differences between two studies, are told from 5 % on."""
AT_CHANCE = 0.03
_WHO = re.compile(r", 1-minute load average [\d.]+|, most by .*?\(pid \d+\)")
_NUMBER = re.compile(r"\d+(\.\d+)?")


def study_marks(
    cells: pd.DataFrame, processes: pd.DataFrame, machine: dict, fits: dict[str, pd.DataFrame]
) -> list[str]:
    """One sentence a reservation; `cells` have the `chance` of a guess, `machine` is what was seen
    before the study, `fits` has the tables drift, outliers and predictions."""
    return [
        *_data(cells),
        *_machines(processes),
        *_warnings(processes, machine),
        *_latencies(cells),
        *_drift(fits["drift"]),
        *_outliers(fits["outliers"]),
        *_predictions(fits["predictions"]),
    ]


def _data(cells: pd.DataFrame) -> Iterator[str]:
    if (cells["data"] == "builtin").any():
        yield "Built-in data: models learned from generated examples. Only accuracies depend on it."


def _machines(processes: pd.DataFrame) -> Iterator[str]:
    """First of all: several machines halve what each knows."""
    runs = processes.drop_duplicates(["machine", "cell", "round"])["machine"].value_counts()
    if len(runs) > 1:
        names = ", ".join(f"{name} ({counted(count, 'run')})" for name, count in runs.items())
        yield f"The study was timed on several machines or environments, never pooled: {names}."


def _warnings(processes: pd.DataFrame, machine: dict) -> Iterator[str]:
    """What the machine was warned of: each kind once, without names and numbers of processes."""
    runs = processes.drop_duplicates(["machine", "cell", "round"])
    kinds: dict[str, str] = {_kind(line): "before the study" for line in machine["warnings"]}
    example = {_kind(line): line for line in machine["warnings"]}
    of_runs = [
        {_kind(line): line for line in text.split("\n") if line} for text in runs["warnings"]
    ]
    for kind in dict.fromkeys(kind for lines in of_runs for kind in lines):
        example |= {kind: next(lines[kind] for lines in of_runs if kind in lines)}
        count = sum(kind in lines for lines in of_runs)
        seen = f"{count} of {counted(len(runs), 'run')}"
        kinds[kind] = f"{kinds[kind]}, {seen}" if kind in kinds else seen
    for kind, seen in kinds.items():
        line = _WHO.sub("", example[kind])
        yield f"{line[0].upper()}{line[1:]} ({seen})."


def _kind(line: str) -> str:
    return _NUMBER.sub("#", _WHO.sub("", line))


def _latencies(cells: pd.DataFrame) -> Iterator[str]:
    if few := int(cells["coverage"].isna().sum()):
        yield f"{have(few)} too few processes for an interval: read the range."
    width = float(cells["half_width"].median())
    if width > CHANGED:
        rounds = ceil(int(cells["rounds"].max()) * (width / CHANGED) ** 2)
        yield (
            f"At this noise about {rounds} rounds (timing.rounds) would bring half of the "
            f"latencies within ± {percent(CHANGED)}."
        )
    if noisy := int((cells["noise"] > NOISY).sum()):
        yield f"{have(noisy)} a typical latency of over {NOISY} times the undisturbed one."
    if unsettled := int((cells["unsettled_processes"] > 0).sum()):
        yield f"{have(unsettled)} processes whose warm-up did not settle."
    if (typical := expm1(cells["repeat_half_width"].median())) > CHANGED:
        yield (
            f"Another such study would find a cell within {percent(typical)} of its value here "
            "(median cell, 95 %, from how far apart the rounds are; a busier hour is further off): "
            "smaller differences between studies say nothing."
        )
    if guessing := int((cells["test_accuracy"] < cells["chance"] + AT_CHANCE).sum()):
        yield (
            f"{have(guessing)} a model that its training budget left guessing (test accuracy at "
            "chance): the latency holds, the predictions say nothing."
        )


def _drift(drift: pd.DataFrame) -> Iterator[str]:
    """Changes of the whole machine beyond 5 %, when their interval excludes 1."""
    for row in drift.to_dict("records"):
        certain = row["total_low"] > 1 or row["total_high"] < 1
        if certain and abs(log(row["total"])) > CHANGED:
            what = (
                f"in the {duration(HOUR_S * row['span_h'])} of the study"
                if row["term"] == "per_hour"
                else f"in {row['term'].replace('_', ' ')} against round 1"
            )
            yield (
                f"Drift on {row['machine']}: times changed by the factor {row['total']:.2f} "
                f"({row['total_low']:.2f} to {row['total_high']:.2f}) {what}."
            )


def _outliers(outliers: pd.DataFrame) -> Iterator[str]:
    names = outliers["cell"].astype(str).unique()
    if len(names):
        more = " and others" if len(names) > 5 else ""
        which = ", ".join(names[:5])
        yield f"Flagged as outliers, kept in every number but the claims: {which}{more}."


def _predictions(predictions: pd.DataFrame) -> Iterator[str]:
    beyond = int((predictions["extrapolates"].fillna("").astype(str) != "").sum())
    if beyond:
        yield (
            f"{beyond} of {len(predictions)} predictions lie beyond what was run: "
            "their intervals do not hold."
        )


def work_marks(cells: pd.DataFrame, works: Mapping[str, dict]) -> Iterator[str]:
    """What is not in the FLOP and bytes of a family's models; `works` is how the work of a trained
    model was counted, by its name."""
    for family, rows in cells.groupby("model", sort=False):
        own = [works[name] for name in rows["trained"].unique() if name in works]
        if left_out := sorted({name for work in own for name in work["not_counted"]}):
            yield f"Not counted in the FLOP and bytes of {family}: {', '.join(left_out)}."


def cell_marks(
    cells: pd.DataFrame, outliers: pd.DataFrame, rounds: int, checks: Sequence[str] = ()
) -> list[list[str]]:
    """For every cell its marks (mostly none). `outliers` are the flagged rows (machine, cell),
    `rounds` is how many the study has, `checks` the cells that no fit used."""
    flagged = set(zip(outliers["machine"], outliers["cell"], strict=True))
    return [
        _marks(row, flagged, rounds) + ["a check: no fit used it"] * (row["cell"] in checks)
        for row in cells.to_dict("records")
    ]


def _marks(row: dict, flagged: set[tuple[str, str]], rounds: int) -> list[str]:
    processes, disturbed = row["processes"], row["disturbed_processes"]
    marks = {
        "no interval": pd.isna(row["coverage"]),
        f"{disturbed} of {processes} processes disturbed": disturbed > MOSTLY * processes,
        f"{row['unsettled_processes']} of {processes} processes unsettled": row[
            "unsettled_processes"
        ],
        "noisy": row["noise"] > NOISY,
        "outlier": (row["machine"], row["cell"]) in flagged,
        f"{row['rounds']} of {rounds} rounds": row["rounds"] < rounds,
        "guessing model": row["test_accuracy"] < row["chance"] + AT_CHANCE,
    }
    return [words for words, holds in marks.items() if holds]
