"""Simulated sweeps of batch size with and without a threshold, and how often one is found."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from tfscale.analysis.slices import replicates
from tfscale.analysis.sweeps import sweep_of
from tfscale.analysis.thresholds import threshold

SWEEPS, TABLES, VISITS, CONFIDENCE = 200, 299, 6, 0.95

Truth = Callable[[np.ndarray, float, np.random.Generator], np.ndarray]
"""Times at the levels, for a place and a source of overheads and exponents."""


def overhead(rng: np.random.Generator) -> float:
    """Start-up in units of one example's work."""
    return float(np.exp(rng.uniform(np.log(0.1), np.log(50))))


def line(x: np.ndarray, place: float, rng: np.random.Generator) -> np.ndarray:
    """Overhead + work."""
    return overhead(rng) + x


def hinge(ratio: float) -> Truth:
    """Every example past the place costs `ratio` times as much; overhead is worth 5 examples."""
    return lambda x, place, rng: 5 + x + (ratio - 1) * np.maximum(x - place, 0)


SMOOTH: dict[str, Truth] = {
    "overhead + work": line,
    "power law": lambda x, place, rng: x ** rng.uniform(0.4, 1.4),
    "log law": lambda x, place, rng: 1 + rng.uniform(0.3, 3) * np.log(x),
}
BROKEN: dict[str, Truth] = {
    "all times + 50 %": lambda x, place, rng: line(x, place, rng) * (1 + 0.5 * (x > place)),
    "a constant, + 50 % there": lambda x, place, rng: 5 + x + 0.5 * (5 + place) * (x > place),
    "slope + 50 %": hinge(1.5),
    "slope + 100 %": hinge(2.0),
}


@dataclass(frozen=True)
class Rate:
    """Shares of simulated sweeps: with a threshold, and of these with its place covered."""

    found: float
    covered: float
    hits: int


def simulate(
    truth: Truth, levels: int, noise: float, rng: np.random.Generator, sweeps: int = SWEEPS
) -> Rate:
    """Sweeps of doubling batch sizes whose visits scatter by `noise`."""
    x = 2.0 ** np.arange(levels)
    found, covered = 0, []
    for _ in range(sweeps):
        place = float(np.exp(rng.uniform(np.log(x[1]), np.log(x[-2]))))
        said = threshold(
            sweep_of(cells(truth(x, place, rng), x, noise, rng)), CONFIDENCE, rng, TABLES
        )
        if said["verdict"] == "threshold":
            found += 1
            covered.append(said["place_low"] <= place <= said["place_high"])
    return Rate(found / sweeps, float(np.mean(covered)) if covered else float("nan"), found)


def cells(
    times_s: np.ndarray, x: np.ndarray, noise: float, rng: np.random.Generator
) -> pd.DataFrame:
    """One cell a level from the medians of its visits, with what these say of its noise."""
    seen = times_s[:, None] * np.exp(noise * rng.standard_normal((len(x), VISITS)))
    table = pd.DataFrame({"cell": [f"batch{each:g}" for each in x], "machine": "simulated", "x": x})
    table["latency_s"] = np.median(seen, axis=1)
    visits = table.loc[table.index.repeat(VISITS), ["cell", "machine"]].assign(p50_s=seen.ravel())
    return pd.concat([table, replicates(table, visits)], axis=1)
