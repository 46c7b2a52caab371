"""Kinds of noise for simulated visits: rows are rounds, columns visits one after the other."""

from collections.abc import Callable

import numpy as np
import pandas as pd

Noise = Callable[[np.random.Generator, int, int], np.ndarray]


def log_normal(sigma: float) -> Noise:
    """Independent visits, latency 1 times a log-normal factor."""
    return lambda rng, rows, columns: np.exp(sigma * rng.normal(size=(rows, columns)))


def wave(sigma: float, swing: float, period: float) -> Noise:
    """A slow wave through the visits of a round, with a phase of its own, over the noise."""

    def draw(rng: np.random.Generator, rows: int, columns: int) -> np.ndarray:
        phase = rng.uniform(0, 2 * np.pi, size=(rows, 1))
        slow = swing * np.sin(2 * np.pi * np.arange(columns) / period + phase)
        return np.exp(slow) * log_normal(sigma)(rng, rows, columns)

    return draw


def bursts(sigma: float, share: float, slower: float) -> Noise:
    """Some visits are slowed down by up to a factor: skewed, as beside a neighbour."""

    def draw(rng: np.random.Generator, rows: int, columns: int) -> np.ndarray:
        hit = rng.uniform(size=(rows, columns)) < share
        slowed = 1 + (slower - 1) * rng.uniform(size=(rows, columns)) * hit
        return slowed * log_normal(sigma)(rng, rows, columns)

    return draw


def as_measured(processes: pd.DataFrame) -> dict[str, Noise]:
    """The noise of a study's processes, by kind of model: a simulated cell has the spread of one of
    the study's, and deviations of the shape that all have together.

    One process a cell and round; the deviations are those from the cell's mean over
    its spread, as far apart as independent ones would be, with a median of 0.
    """
    first = processes.groupby(["model", "cell", "round"], as_index=False)["latency_s"].first()
    table = first.assign(log_s=np.log(first["latency_s"]))
    return {f"as measured, {model}": _resampled(own) for model, own in table.groupby("model")}


def _resampled(table: pd.DataFrame) -> Noise:
    by_cell = table.groupby("cell")["log_s"]
    count, spread = by_cell.transform("size"), by_cell.transform("std")
    known = (count > 2) & (spread > 0)
    apart = (table["log_s"] - by_cell.transform("mean")) / spread * np.sqrt(count / (count - 1))
    shape = (apart[known] - apart[known].median()).to_numpy()
    spreads = by_cell.std().dropna().to_numpy()
    return lambda rng, rows, columns: np.exp(
        rng.choice(spreads) * rng.choice(shape, (rows, columns))
    )


NOISES: dict[str, Noise] = {
    "log-normal 2 %": log_normal(0.02),
    "log-normal 5 %": log_normal(0.05),
    "log-normal 15 %": log_normal(0.15),
    "2 % + wave ± 10 % over 3 visits": wave(0.02, 0.1, 3),
    "2 % + wave ± 10 % over 12 visits": wave(0.02, 0.1, 12),
    "2 % + a fifth up to twice as slow": bursts(0.02, 0.2, 2),
}
"""The waves of the trials lasted about a second, less than a visit; 12 visits is a hard case."""
