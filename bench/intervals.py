"""Do intervals hold? Simulated coverage, the two latencies of a study, two whole studies."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from bench.outcome import (
    Outcome,
    SkippedError,
    percent,
    share_at_least,
    share_at_most,
    text_table,
)
from bench.study import Options, Study, project_config
from tfscale.timing.protocol import median_interval

Noise = Callable[[np.random.Generator, tuple[int, int, int]], np.ndarray]
"""Latencies of processes whose true one is 1: cells, rounds, processes of a run one by one."""


def log_normal(sigma: float) -> Noise:
    """Independent processes, a log-normal factor each."""
    return lambda rng, shape: np.exp(sigma * rng.normal(size=shape))


def wave(sigma: float, swing: float, period: float) -> Noise:
    """A slow wave through the processes of a run, with a phase of its own, over the noise."""

    def draw(rng: np.random.Generator, shape: tuple[int, int, int]) -> np.ndarray:
        phase = rng.uniform(0, 2 * np.pi, size=(*shape[:2], 1))
        slow = swing * np.sin(2 * np.pi * np.arange(shape[2]) / period + phase)
        return np.exp(slow) * log_normal(sigma)(rng, shape)

    return draw


def bursts(sigma: float, share: float, slower: float) -> Noise:
    """Some processes are slowed down by up to a factor: skewed, as beside a neighbour."""

    def draw(rng: np.random.Generator, shape: tuple[int, int, int]) -> np.ndarray:
        hit = rng.uniform(size=shape) < share
        slowed = 1 + (slower - 1) * rng.uniform(size=shape) * hit
        return slowed * log_normal(sigma)(rng, shape)

    return draw


NOISES = {
    "log-normal 5 %": log_normal(0.05),
    "2 % + wave ± 10 % over 12 processes": wave(0.02, 0.1, 12),
    "2 % + a fifth up to twice as slow": bursts(0.02, 0.2, 2),
}


def as_measured(processes: pd.DataFrame) -> dict[str, Noise]:
    """The noise of a study's processes, by kind of model: a simulated cell has the spread of one
    of the study's, and deviations of the shape that all have together.

    The deviations are those from the cell's mean over its spread, as far apart as independent ones
    would be, with a median of 0.
    """
    table = processes.assign(log_s=np.log(processes["latency_s"]))
    return {
        f"as measured, {model}": _resampled(own["log_s"].groupby(own["cell"]))
        for model, own in table.groupby("model")
        if own["cell"].value_counts().max() > 2
    }


def _resampled(log_s) -> Noise:
    count, spread = log_s.transform("size"), log_s.transform("std")
    known = (count > 2) & (spread > 0)
    apart = (log_s.obj - log_s.transform("mean")) / spread * np.sqrt(count / (count - 1))
    shape = (apart[known] - apart[known].median()).to_numpy()
    spreads = log_s.std().dropna().to_numpy()
    return lambda rng, size: np.exp(rng.choice(spreads, (size[0], 1, 1)) * rng.choice(shape, size))


@dataclass(frozen=True)
class Simulated:
    """Over many simulated cells: how often the truth was covered, how often that is claimed, and
    the typical half-width."""

    real: float
    claimed: float
    half_width: float


SIMULATED, ALLOWANCE = 4000, 0.0175
WIDE = (1, 5)
"""Rounds and processes that the documentation advises for wide grids."""


def coverage(options: Options) -> list[Outcome]:
    """Simulated coverage of a cell's interval: noise as a study measured it, and made-up noise."""
    timing = project_config()["timing"]
    asked, own = timing["coverage"], (timing["rounds"], timing["processes"])
    try:
        measured = as_measured(options.study.processes)
    except SkippedError as reason:
        print(f"  {reason}\n")
        measured = {}
    rows, real = [], {}
    for name, noise in (measured | NOISES).items():
        for design in (own, WIDE):
            got = simulate(noise, design, asked)
            shown = (100 * got.real, 100 * got.claimed, percent(got.half_width))
            rows.append((name, f"{design[0]} x {design[1]}", *shown))
            real[name, design] = got.real
    header = ["noise", "rounds x processes", "real %", "claimed %", "half-width"]
    print(f"  {SIMULATED} cells each\n\n{text_table(header, rows)}")
    least = asked - ALLOWANCE
    return [
        *[share_at_least(f"real coverage, noise {n}", real[n, own], least) for n in measured],
        share_at_least("least of all noises", min(real[n, own] for n in measured | NOISES), least),
        Outcome("… in one round of five", percent(min(real[n, WIDE] for n in measured | NOISES))),
    ]


def simulate(
    noise: Noise, design: tuple[int, int], asked: float, cells: int = SIMULATED
) -> Simulated:
    """Cells of so many rounds of so many processes, an interval of the median of each."""
    rng = np.random.default_rng(17)
    truth = float(np.median(noise(rng, (200_000, 1, 1))))
    drawn = noise(rng, (cells, *design)).reshape(cells, -1)
    intervals = [median_interval(values, asked) for values in drawn]
    covered = np.mean([one.low <= truth <= one.high for one in intervals])
    half_width = np.median([one.half_width for one in intervals])
    return Simulated(float(covered), intervals[0].coverage, float(half_width))


MOST_NOISE, SAME_RATIO, SHARE = 0.05, 0.05, 0.9


def typical(options: Options) -> list[Outcome]:
    """Undisturbed against typical latency in a finished study: how far apart, and whether ratios
    between cells are the same in both."""
    processes = options.study.processes
    found = {
        "all processes": noises(processes),
        "processes without a mark": noises(processes[~processes["disturbed"].astype(bool)]),
    }
    rows = [
        (name, len(cells), *(100 * np.expm1(value) for value in _middle_and_off(cells)))
        for name, cells in found.items()
        if len(cells)
    ]
    print(text_table(["of", "cells", "typical over undisturbed %", "ratio of two cells %"], rows))
    outcomes = [Outcome("typical over undisturbed, all", f"{rows[0][2]:.1f} %")]
    calm = found["processes without a mark"]
    if calm.empty:
        print("\n  A neighbour disturbed every process of this study.")
        return outcomes
    middle, _ = _middle_and_off(calm)
    alike = float(((calm - middle).abs() <= SAME_RATIO).mean())
    return [
        *outcomes,
        share_at_most("typical over undisturbed, unmarked", float(np.expm1(middle)), MOST_NOISE),
        share_at_least("cells whose ratio to the others is the same within 5 %", alike, SHARE),
    ]


def noises(processes: pd.DataFrame) -> pd.Series:
    """ln of typical over undisturbed latency, a value a cell."""
    by_cell = processes.groupby("cell")[["p50_s", "latency_s"]].median()
    return np.log(by_cell["p50_s"] / by_cell["latency_s"])


def _middle_and_off(cells: pd.Series) -> tuple[float, float]:
    """The median, and the median distance from it."""
    middle = float(cells.median())
    return middle, float((cells - middle).abs().median())


LIMIT, DRAWS = 0.93, 20_000


def studies(options: Options) -> list[Outcome]:
    """Two whole studies of the same cells: how far apart, by what was foretold, the same
    thresholds."""
    a, b = options.study, options.second
    table = compared(a.cells, b.cells)
    print(f"  A {a.results}: {busy(a)}\n  B {b.results}: {busy(b)}\n")
    header = ["model", "cells", "as foretold", "both covered", "median |ln A/B|", "median A/B"]
    groups = [*table.groupby("model"), ("all", table)]
    print(text_table(header, [_summary(str(name), group) for name, group in groups]))
    found = same_thresholds(*(pd.read_parquet(threshold_table(each)) for each in (a, b)))
    columns = ["factor", "slice", "verdict_a", "place_a", "verdict_b", "place_b"]
    other = found.loc[~found["same"], ["model", *columns]]
    print("\n" + text_table(["other threshold", *columns], other.to_numpy().tolist()))
    processes = int(table["processes"].median())
    expected = expected_cover(processes, project_config()["timing"]["coverage"])
    calibration_s = [each.processes["calibration_before_s"].median() for each in (a, b)]
    return [
        share_at_least(
            "cells that differ by no more than either study foretold (repeat_half_width)",
            float(table["as_foretold"].mean()),
            LIMIT,
        ),
        share_at_least(
            "cells whose intervals cover each other's value", float(table["both"].mean()), LIMIT
        ),
        Outcome(f"… expected of {processes} processes without any drift", percent(expected)),
        Outcome("median |ln ratio| of latency_s", percent(float(table["apart"].median()))),
        Outcome(
            "sweeps with the same threshold, or none", f"{found['same'].sum()} of {len(found)}"
        ),
        Outcome(
            "the calibration kernel's time, A / B", f"{calibration_s[0] / calibration_s[1]:.3f}"
        ),
    ]


def threshold_table(study: Study) -> Path:
    """The file of a study's thresholds."""
    path = study.results / "fits" / "thresholds.parquet"
    if not path.exists():
        raise SkippedError(f"{path} is missing: type `snakemake` in that study first")
    return path


def compared(a: pd.DataFrame, b: pd.DataFrame) -> pd.DataFrame:
    """One row a common cell: both values with intervals, how far apart, and what covers what."""
    columns = ["latency_s", "latency_low_s", "latency_high_s", "repeat_half_width"]
    left = a.set_index("cell")[["model", "processes", *columns]]
    table = left.join(b.set_index("cell")[columns], how="inner", lsuffix="_a", rsuffix="_b")
    value_a, value_b = table["latency_s_a"], table["latency_s_b"]
    apart = np.log(value_a / value_b).abs()
    foretold = table[["repeat_half_width_a", "repeat_half_width_b"]].min(axis=1)
    return table.assign(
        both=value_b.between(table["latency_low_s_a"], table["latency_high_s_a"])
        & value_a.between(table["latency_low_s_b"], table["latency_high_s_b"]),
        apart=apart,
        as_foretold=apart <= foretold,
    )


def same_thresholds(a: pd.DataFrame, b: pd.DataFrame) -> pd.DataFrame:
    """One row a common sweep: both verdicts, and whether they are the `same`: two thresholds are
    where the intervals of their places overlap."""
    sweep = ["model", "factor", "slice"]
    columns = ["verdict", "place", "place_low", "place_high"]
    table = a[[*sweep, *columns]].merge(b[[*sweep, *columns]], on=sweep, suffixes=("_a", "_b"))
    overlap = (table["place_low_a"] <= table["place_high_b"]) & (
        table["place_low_b"] <= table["place_high_a"]
    )
    one, other = (table[f"verdict_{end}"] == "threshold" for end in "ab")
    return table.assign(same=(one == other) & (~one | overlap))


def expected_cover(processes: int, confidence: float, seed: int = 1) -> float:
    """How often two samples of the same distribution cover each other's median.

    Intervals speak of the truth, not of another sample's median, so this is below the coverage.
    """
    k = int(median_interval(range(1, processes + 1), confidence).low)
    draws = np.sort(np.random.default_rng(seed).normal(size=(DRAWS, 2, processes)), axis=2)
    low, high, other = draws[..., k - 1], draws[..., -k], np.median(draws, axis=2)[:, ::-1]
    return float(((low <= other) & (other <= high)).all(axis=1).mean())


def busy(study: Study) -> str:
    """What a study says of its machine: load, noise, disturbed processes."""
    load, noise = study.processes["load_average"].median(), study.cells["noise"].median()
    disturbed = percent(float(study.processes["disturbed"].mean()))
    return f"load average {load:.2f}, noise {noise:.3f}, {disturbed} of processes disturbed"


def _summary(name: str, group: pd.DataFrame) -> tuple:
    shares = [percent(float(group[column].mean())) for column in ("as_foretold", "both")]
    ratio = float((group["latency_s_a"] / group["latency_s_b"]).median())
    return name, len(group), *shares, percent(float(group["apart"].median())), ratio
