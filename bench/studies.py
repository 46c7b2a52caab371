"""Two whole studies of the same cells: how well they repeat each other."""

import numpy as np
import pandas as pd

from bench.kernel_times import in_calibrations
from bench.options import Options
from bench.outcome import Outcome, percent, share_at_least
from bench.study import Study, project_config
from bench.text_table import text_table
from tfscale.timing.protocol import median_interval

TITLE = "Two whole studies: does each interval cover the other's value?"
LIMIT = 0.93
DRAWS = 20_000
SPEEDS = {
    "the calibration kernel's time": lambda study: study.visits["calibration_before_s"].median(),
    "a copy of 64 MiB": lambda study: study.visits["memory_copy_before_s"].median(),
}
"""How fast a study found its machine (s, medians of its visits), whatever the models."""


def bench(options: Options) -> list[Outcome]:
    """Compare the studies cell by cell."""
    a, b = options.study, options.second
    table = compared(a.cells, b.cells)
    print(f"  A {a.results}: {busy(a)}\n  B {b.results}: {busy(b)}\n")
    header = ["model", "cells", "both covered", "overlap", "median |ln A/B|", "median A/B"]
    groups = [*table.groupby("model"), ("all", table)]
    print(text_table(header, [_summary(str(name), group) for name, group in groups]))
    apart = table[~table["both"]]
    if len(apart):
        columns = ["a", "a_low", "a_high", "b", "b_low", "b_high"]
        rows = [
            (cell, *(1e6 * float(row[name]) for name in columns), float(row["a"] / row["b"]))
            for cell, row in apart.iterrows()
        ]
        names = ["not covered by both", "A µs", "low", "high", "B µs", "low", "high", "A / B"]
        print("\n" + text_table(names, rows))
    kernel = compared(in_calibrations(a), in_calibrations(b))
    share, visits = float(table["both"].mean()), int(table["visits"].median())
    expected = expected_cover(visits, project_config()["timing"]["coverage"])
    return [
        share_at_least("cells whose intervals cover each other's value", share, LIMIT),
        share_at_least(
            "cells that differ by no more than either study foretold (repeat_half_width)",
            float((table["apart"] <= table["foretold"]).mean()),
            LIMIT,
        ),
        Outcome(f"… expected of {visits} visits without any drift", percent(expected)),
        Outcome("median |ln ratio|", percent(float(table["apart"].median()))),
        Outcome("… in times of the calibration kernel", percent(float(kernel["apart"].median()))),
        Outcome(
            "cells whose intervals cover each other's value, in times of the calibration kernel",
            percent(float(kernel["both"].mean())),
        ),
        *(
            Outcome(f"{what}, A / B", f"{speed(a) / speed(b):.3f}")
            for what, speed in SPEEDS.items()
        ),
    ]


def compared(a: pd.DataFrame, b: pd.DataFrame) -> pd.DataFrame:
    """One row a common cell: both values with intervals, and what covers what."""
    names = {"latency_s": "", "latency_low_s": "_low", "latency_high_s": "_high"}
    left = a.set_index("cell")[[*names, "model", "visits", "repeat_half_width"]]
    left = left.rename(columns={name: f"a{end}" for name, end in names.items()})
    right = b.set_index("cell")[[*names, "repeat_half_width"]]
    right = right.rename(columns={name: f"b{end}" for name, end in names.items()})
    right = right.rename(columns={"repeat_half_width": "b_repeat"})
    table = left.join(right, how="inner")
    return table.assign(
        both=table["b"].between(table["a_low"], table["a_high"])
        & table["a"].between(table["b_low"], table["b_high"]),
        overlap=(table["a_low"] <= table["b_high"]) & (table["b_low"] <= table["a_high"]),
        apart=np.log(table["a"] / table["b"]).abs(),
        foretold=table[["repeat_half_width", "b_repeat"]].min(axis=1),
    )


def expected_cover(visits: int, confidence: float, seed: int = 1) -> float:
    """How often two samples of the same distribution cover each other's median.

    Intervals speak of the truth, not of another sample's median, so this is below the coverage.
    """
    k = int(median_interval(range(1, visits + 1), confidence).low)
    draws = np.sort(np.random.default_rng(seed).normal(size=(DRAWS, 2, visits)), axis=2)
    low, high, other = draws[..., k - 1], draws[..., -k], np.median(draws, axis=2)[:, ::-1]
    return float(((low <= other) & (other <= high)).all(axis=1).mean())


def busy(study: Study) -> str:
    """What a study says of its machine: load, noise, disturbed visits, a finding of it."""
    visits = study.visits
    parts = [
        f"load average {visits['load_average'].median():.2f}",
        f"noise index {study.cells['noise_index'].median():.3f}",
    ]
    if "disturbed" in visits:
        share = float(visits["disturbed"].fillna(False).astype(bool).mean())
        parts.append(f"{percent(share)} of visits disturbed")
    return ", ".join(parts)


def _summary(name: str, group: pd.DataFrame) -> tuple:
    return (
        name, len(group), percent(float(group["both"].mean())),
        percent(float(group["overlap"].mean())), percent(float(group["apart"].median())),
        float((group["a"] / group["b"]).median()),
    )  # fmt: skip
