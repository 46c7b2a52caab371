"""Simulated sweeps of batch size: false alarms, power, and coverage of the place's interval."""

from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter

import numpy as np
import pandas as pd

from bench.options import Options
from bench.outcome import Outcome, share_at_least, share_at_most
from bench.text_table import text_table
from tfscale.slicing import replicates
from tfscale.sweeps import sweep_of
from tfscale.thresholds import threshold

TITLE = "Simulated thresholds: false alarms, power for a 50 % jump, coverage of the place"
SWEEPS, TABLES, CONFIDENCE = 200, 299, 0.95
LEVELS, NOISES, VISITS = (6, 8, 11), (0.02, 0.05), 6
ENOUGH = 8
FALSE_ALARMS, POWER, COVERAGE = 0.07, 0.95, (0.90, 0.98)

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


def bench(options: Options) -> list[Outcome]:
    """Rates for every truth, number of levels and noise of a visit."""
    rng = np.random.default_rng(17)
    rates, rows = {}, []
    start = perf_counter()
    for name, truth in (SMOOTH | BROKEN).items():
        for levels in LEVELS:
            for noise in NOISES:
                rate = simulate(truth, levels, noise, rng)
                rates[name, levels, noise] = rate
                covered = rate.covered if name in BROKEN else float("nan")
                rows.append((name, levels, 100 * noise, 100 * rate.found, 100 * covered))
    print(f"  {SWEEPS} sweeps each, {VISITS} visits a cell, places anywhere between the second")
    print("  and the last but one level\n")
    header = ["truth", "levels", "noise of a visit %", "thresholds %", "place covered %"]
    print(text_table(header, rows))
    per_100 = 100 * (perf_counter() - start) / (len(rows) * SWEEPS)
    return [*_outcomes(rates), Outcome("100 sweeps", f"{per_100:.1f} s with {TABLES} tables")]


def _outcomes(rates: dict[tuple[str, int, float], Rate]) -> list[Outcome]:
    def found(name: str, noises: tuple[float, ...] = NOISES) -> list[float]:
        enough = [levels for levels in LEVELS if levels >= ENOUGH]
        return [rates[name, levels, noise].found for levels in enough for noise in noises]

    alarms = [
        share_at_most(f"false alarms, {name} (most)", max(found(name)), FALSE_ALARMS)
        for name in SMOOTH
    ]
    jumps = [name for name in BROKEN if "slope" not in name]
    power = [share_at_least(f"power, {name} (least)", min(found(name)), POWER) for name in jumps]
    for name in ("slope + 50 %", "slope + 100 %"):
        calm = min(found(name, NOISES[:1]))
        power.append(share_at_least(f"power, {name}, visits ± 2 % (least)", calm, POWER))
        power.append(Outcome(f"power, {name}, visits ± 5 % (least)", f"{min(found(name)):.1%}"))
    return [*alarms, *power, *_coverages(rates, jumps)]


def _coverages(rates: dict[tuple[str, int, float], Rate], jumps: list[str]) -> list[Outcome]:
    """Of a hinge's place within the target; of a jump's at least, which levels alone bound."""
    least, most = COVERAGE
    hinges = _pooled([rate for (name, *_), rate in rates.items() if "slope" in name])
    off = max(least - hinges, hinges - most, 0.0)
    target = f"{least:.0%} to {most:.0%}"
    missed = f"{100 * off:.1f} points" if off else None
    between = _pooled([rate for (name, *_), rate in rates.items() if name in jumps])
    return [
        Outcome("place covered, change of slope", f"{hinges:.1%}", target, missed),
        share_at_least("place covered, jump (two levels bound it)", between, least),
    ]


def _pooled(rates: list[Rate]) -> float:
    hits = sum(rate.hits for rate in rates)
    return sum(rate.covered * rate.hits for rate in rates if rate.hits) / max(hits, 1)


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
