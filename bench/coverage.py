"""Does the interval still cover the truth when its own width decides when to stop?"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module

import numpy as np

from bench.noise import NOISES, Noise
from bench.options import Options
from bench.outcome import Outcome, share_at_least
from bench.ratios import half_width
from bench.study import project_config
from bench.text_table import text_table
from tfscale.interval import median_interval

TITLE = "Simulated coverage of the sign-test interval under optional stopping"
STUDIES, CONFIDENCE, ALLOWANCE = 1000, 0.95, 0.02
FALLBACK_RULE = {"precision": 0.05, "min_visits": 3, "max_visits": 8, "cap_s": 120.0}
"""For the keys that config.yaml does not name."""

Stop = Callable[[Sequence[float]], bool]
"""Whether a round ends after these medians."""


@dataclass(frozen=True)
class Simulated:
    """Over many simulated cells: how often the truth was covered, at what cost."""

    real: float
    claimed: float
    visits: float
    precise: float


def bench(options: Options) -> list[Outcome]:
    """Real coverage for each kind of noise, with the rule and with a fixed number of visits."""
    rule = FALLBACK_RULE | project_config()["timing"]
    stop, rounds, most = rule_stop(rule), rule["rounds"], rule["max_visits"]
    rows, real = [], {}
    for name, noise in NOISES.items():
        for how, ends in {"rule": stop, "fixed": lambda medians: False}.items():
            got = simulate(noise, ends, rounds, int(most), np.random.default_rng(17))
            rows.append(
                (name, how, 100 * got.real, 100 * got.claimed, got.visits, 100 * got.precise)
            )
            real[name, how] = got.real
    header = ["noise", "stop", "real %", "claimed %", "visits a cell", "half-width ≤ 5 %, %"]
    print(f"  {STUDIES} cells each, {rounds} rounds, at most {most} visits a round\n")
    print(text_table(header, rows))
    worst = min(real[name, "rule"] for name in NOISES)
    lost = max(real[name, "fixed"] - real[name, "rule"] for name in NOISES)
    return [
        share_at_least("least real coverage under the rule", worst, CONFIDENCE - ALLOWANCE),
        Outcome("most coverage that stopping costs", f"{100 * lost:.1f} points"),
    ]


def rule_stop(rule: dict) -> Stop:
    """The pipeline's own rule: the only place that knows its signature."""
    stopping = import_module("tfscale.stopping")
    return lambda medians: stopping.decide(medians, rule).reason is not None


def simulate(
    noise: Noise, stop: Stop, rounds: int, most: int, rng: np.random.Generator,
    studies: int = STUDIES,
) -> Simulated:  # fmt: skip
    """Rounds of visits that end by the rule, pooled into one interval of the median."""
    truth = float(np.median(noise(rng, 200_000, 1)))
    covered, claimed, counts, precise = [], [], [], []
    for _ in range(studies):
        medians = pooled(noise(rng, rounds, most), stop)
        interval = median_interval(medians, CONFIDENCE)
        covered.append(interval.low <= truth <= interval.high)
        claimed.append(interval.coverage)
        counts.append(len(medians))
        precise.append(half_width(interval.low, interval.high) <= FALLBACK_RULE["precision"])
    means = [float(np.nanmean(values)) for values in (covered, claimed, counts, precise)]
    return Simulated(*means)


def pooled(walks: np.ndarray, stop: Stop) -> np.ndarray:
    """The visits of all rounds, each round up to where the rule ends it."""
    kept = []
    for walk in walks:
        medians = walk.tolist()
        ends = (n for n in range(1, len(medians)) if stop(medians[:n]))
        kept += medians[: next(ends, len(medians))]
    return np.array(kept)
