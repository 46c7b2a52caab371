"""What a reader must know before trusting a number: the warnings of the report."""

import re
from collections.abc import Iterator
from math import log

import pandas as pd

from tfscale.durations import HOUR_S, duration
from tfscale.phrases import have
from tfscale.report.page_tables import NOISY
from tfscale.report.precision_marks import precision_marks, repeat_marks
from tfscale.study.architecture import CLASSES
from tfscale.timing.calibration import reference
from tfscale.units import percent

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
