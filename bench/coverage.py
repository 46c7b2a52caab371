"""Does the interval still cover the truth when its own width decides when to stop?"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from bench.noise import NOISES, Noise, as_measured
from bench.options import Options
from bench.outcome import Outcome, SkippedError, share_at_least
from bench.ratios import half_width
from bench.study import project_config
from bench.text_table import text_table
from tfscale.study.config import is_further
from tfscale.timing.protocol import (
    SoFar,
    fewest_visits,
    median_interval,
    nothing_to_do,
    reason_to_stop,
)

TITLE = "Simulated coverage of the sign-test interval under optional stopping"
STUDIES, ALLOWANCE = 1000, 0.02

Stop = Callable[[int, list[float], list[float]], bool]
"""Whether a round (by number) ends after these medians, given those of the rounds before."""


@dataclass(frozen=True)
class Simulated:
    """Over many simulated cells: how often the truth was covered, at what cost."""

    real: float
    claimed: float
    visits: float
    precise: float


def bench(options: Options) -> list[Outcome]:
    """Real coverage for each kind of noise, with the rule and with a fixed number of visits."""
    rule = project_config()["timing"]
    rounds, most = rule["rounds"] + rule["further_rounds"], rule["max_visits"]
    stop, least = rule_stop(rule), rule["coverage"] - ALLOWANCE
    rows, real, noises = [], {}, NOISES | _measured(options)
    for name, noise in noises.items():
        for how, ends in {"rule": stop, "fixed": lambda number, own, earlier: False}.items():
            got = simulate(noise, ends, rounds, int(most), np.random.default_rng(17), rule)
            rows.append(
                (name, how, 100 * got.real, 100 * got.claimed, got.visits, 100 * got.precise)
            )
            real[name, how] = got.real
    header = ["noise", "stop", "real %", "claimed %", "visits a cell", "half-width ≤ 5 %, %"]
    print(f"  {STUDIES} cells each, {rounds} rounds, at most {most} visits a round\n")
    print(text_table(header, rows))
    worst = min(real[name, "rule"] for name in noises)
    lost = max(real[name, "fixed"] - real[name, "rule"] for name in noises)
    seen = [
        share_at_least(f"real coverage, noise {name}", real[name, "rule"], least)
        for name in noises
        if name not in NOISES
    ]
    return [
        *seen,
        share_at_least("least real coverage under the rule", worst, least),
        Outcome("most coverage that stopping costs", f"{100 * lost:.1f} points"),
    ]


def _measured(options: Options) -> dict[str, Noise]:
    """The noise of the study that is given, if there is one."""
    try:
        return as_measured(options.study.visits)
    except SkippedError:
        return {}


def rule_stop(rule: dict) -> Stop:
    """The pipeline's own rule, after `earlier` rounds: the only place that knows its signature."""

    def stop(number: int, own: list[float], earlier: list[float]) -> bool:
        if not own:
            further = is_further(rule, "runs", number)
            return bool(nothing_to_do(SoFar(earlier), rule | {"further": further}))
        fewest = fewest_visits(number, len(earlier), rule)
        return bool(reason_to_stop(own, SoFar(earlier), len(own), 0.0, fewest, rule))

    return stop


def simulate(
    noise: Noise, stop: Stop, rounds: int, most: int, rng: np.random.Generator, rule: dict,
    studies: int = STUDIES,
) -> Simulated:  # fmt: skip
    """Rounds of visits that end by the rule, pooled into one interval of the median."""
    truth = float(np.median(noise(rng, 200_000, 1)))
    covered, claimed, counts, precise = [], [], [], []
    for _ in range(studies):
        medians = pooled(noise(rng, rounds, most), stop)
        interval = median_interval(medians, rule["coverage"])
        covered.append(interval.low <= truth <= interval.high)
        claimed.append(interval.coverage)
        counts.append(len(medians))
        precise.append(half_width(interval.low, interval.high) <= rule["precision"])
    means = [float(np.nanmean(values)) for values in (covered, claimed, counts, precise)]
    return Simulated(*means)


def pooled(walks: np.ndarray, stop: Stop) -> list[float]:
    """The visits of all rounds, each round up to where the rule ends it."""
    kept: list[float] = []
    for number, walk in enumerate(walks, start=1):
        medians, earlier = walk.tolist(), kept
        ends = (n for n in range(len(medians)) if stop(number, medians[:n], earlier))
        kept = [*earlier, *medians[: next(ends, len(medians))]]
    return kept
