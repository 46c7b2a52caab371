"""The smallest jump that a sweep of these levels and this noise would have found."""

import numpy as np

from tfscale.analysis.breaks import LEAST_SIDE
from tfscale.analysis.regimes import Sweep

JUMPS = (0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 0.75, 1.0, 2.0)
DRAWS = 200
POWER = 0.95


def power_of(
    sweep: Sweep,
    jump: float,
    limits: tuple[float, ...],
    advantage: float,
    rng: np.random.Generator,
    draws: int = DRAWS,
) -> float:
    """Share of simulated sweeps in which all times past a random place are (1 + jump) times as
    long, and in which the break passes both limits of its gains and that of its BIC."""
    gaps = np.arange(LEAST_SIDE, sweep.count - LEAST_SIDE + 1)
    after = np.arange(sweep.count) >= rng.choice(gaps, draws)[:, None]
    smooth = np.maximum(sweep.fitted_curve(), np.finfo(float).tiny)
    errors = np.exp(sweep.noise_level() * sweep.spread * rng.standard_normal((draws, sweep.count)))
    times = smooth * (1 + jump * after) * errors
    line, curve = sweep.gains(times * sweep.scale, sweep.noise)
    wins = sweep.advantage(times * sweep.scale) > advantage
    return float(((line > limits[0]) & (curve > limits[1]) & wins).mean())


def smallest_jump(
    sweep: Sweep, limits: tuple[float, ...], advantage: float, rng: np.random.Generator
) -> float:
    """The first of JUMPS that is found in POWER of the cases; NaN if none is."""
    for jump in JUMPS:
        if power_of(sweep, jump, limits, advantage, rng) >= POWER:
            return jump
    return float("nan")
