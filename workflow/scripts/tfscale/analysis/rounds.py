"""How many rounds would decide a verdict that is open, at the noise seen."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from tfscale.analysis.slices import MEDIAN_VARIANCE

TIMES = (2, 4, 8)
"""So many times the rounds are tried: nobody times more."""
DRAWS = 3


def rounds_needed(
    decided: Callable[[pd.DataFrame, pd.DataFrame], bool],
    rows: pd.DataFrame,
    repeats: pd.DataFrame,
    rng: np.random.Generator,
) -> float:
    """The fewest of 2, 4 or 8 times the rounds with which most made-up studies of the same cells
    would be `decided` by their rows and repeats; NaN where none is.

    A made-up study has the times seen as its truth and the noise of their rounds. Where the models
    differ, and not the rounds, no number of them decides.
    """
    rounds = int(repeats["round"].nunique())
    if rounds < 2:  # no noise to tell
        return float("nan")
    for times in TIMES:
        count = times * rounds
        found = 0
        for draw in range(DRAWS):
            found += decided(*_made_up(rows, repeats, count, rng))
            if 2 * found > DRAWS:
                return count
            if 2 * (draw + 1 - found) > DRAWS:
                break
    return float("nan")


def _made_up(
    rows: pd.DataFrame, repeats: pd.DataFrame, rounds: int, rng: np.random.Generator
) -> tuple[pd.DataFrame, pd.DataFrame]:
    noise = float(np.sqrt(repeats.groupby("cell")["log_s"].var().median()))
    truth = rows.set_index("cell")["log_s"]
    once = repeats.drop_duplicates("cell")
    again = pd.concat([once.assign(round=number + 1) for number in range(rounds)])
    again = again.sort_values("round", kind="stable", ignore_index=True)
    log_s = again["cell"].map(truth) + rng.normal(0, noise, len(again))
    error = noise * np.sqrt(MEDIAN_VARIANCE / rounds)
    moved = rows["log_s"] + rng.normal(0, error, len(rows))
    return (
        rows.assign(log_s=moved, time_s=np.exp(moved)),
        again.assign(log_s=log_s, time_s=np.exp(log_s), latency_s=np.exp(log_s)),
    )
