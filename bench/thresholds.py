"""Simulated sweeps of batch size: false alarms, power, and coverage of the place's interval."""

from time import perf_counter

import numpy as np

from bench.options import Options
from bench.outcome import Outcome, share_at_least, share_at_most
from bench.sweeps import BROKEN, SMOOTH, SWEEPS, TABLES, VISITS, Rate, simulate
from bench.text_table import text_table

TITLE = "Simulated thresholds: false alarms, power for a 50 % jump, coverage of the place"
LEVELS, NOISES, ENOUGH = (6, 8, 11), (0.02, 0.05), 8
FALSE_ALARMS, POWER, COVERAGE = 0.07, 0.95, (0.90, 0.98)


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
