"""What to do next: which cells to time, in how many rounds, and what an example costs."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from tfscale.analysis.predictions import SMALLEST_S, cells_with_work
from tfscale.analysis.slices import MEDIAN_VARIANCE, OWN, SETTING, split
from tfscale.analysis.work_model import Fitted, design
from tfscale.axes import Cell
from tfscale.files.columns import Described, flag, number, text
from tfscale.units import HOUR_S

MOST_NEXT = 5
RUN_S, CALLS = 1.0, 12
"""About what a process takes besides its calls, and how many calls it makes at least."""
NEXT = Described(
    {
        **OWN,
        "cell": text("a cell that was not timed"),
        "narrows": number("share of the variance of all predictions that timing it takes away"),
        "cost_s": number("about the seconds that a process of it takes"),
        "predicted_s": number("predicted latency"),
    }
)


def next_cells(
    groups: Iterable[Fitted], asked: Mapping[str, Cell], work: Mapping[str, dict]
) -> pd.DataFrame:
    """The `asked` cells whose timing would narrow the predictions of all of them most for its time,
    at most 5 a machine and model, the best first; none where the work model has no bootstrap.

    The bootstrap's predictions are taken for draws of a normal distribution, of which timing a cell
    fixes one coordinate up to the model's own misfit (Cohn, Ghahramani and Jordan 1996, Active
    learning with statistical models).
    """
    if not asked:
        return pd.DataFrame(columns=NEXT.names)
    wanted = dict(split(cells_with_work({"sample": asked}, work), ["model", *SETTING]))
    rows: list[dict] = []
    for fitted in groups:
        own = wanted.get(tuple(fitted.group[axis] for axis in ("model", *SETTING)))
        if own is not None and len(fitted.draws):
            rows += _most_telling(fitted, own)
    return pd.DataFrame(rows, columns=NEXT.names)


def _most_telling(fitted: Fitted, asked: pd.DataFrame) -> Iterator[dict]:
    work = design(asked)
    latency_s = work @ fitted.model.costs
    draws = np.log(np.maximum(fitted.draws @ work.T, SMALLEST_S))
    deviation = (draws - draws.mean(axis=0)) / np.sqrt(len(draws))
    misfit = np.log(fitted.predicted_s / fitted.cells["latency_s"].to_numpy(float))
    noise = float(np.median(np.abs(misfit)) ** 2)
    cost_s = RUN_S + CALLS * latency_s
    total = float((deviation**2).sum())
    for _ in range(min(MOST_NEXT, len(asked))):
        variance = (deviation**2).sum(axis=0) + noise
        gain = ((deviation @ deviation.T @ deviation) * deviation).sum(axis=0) / variance
        best = int((gain / cost_s).argmax())
        if gain[best] < LEAST_GAIN * total:
            return
        yield {name: fitted.group[name] for name in OWN} | {
            "cell": asked["cell"].iloc[best],
            "narrows": gain[best] / total,
            "cost_s": cost_s[best],
            "predicted_s": latency_s[best],
        }
        told = deviation[:, best]
        step = 1 / (1 + np.sqrt(noise / variance[best]))
        deviation = deviation - step * np.outer(told, told @ deviation) / variance[best]


LEAST_GAIN = 0.01
"""Of what is uncertain: a cell that tells less is not named."""
TIMES = (2, 4, 8)
"""So many times the rounds are tried: nobody times more."""


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

    def is_enough(times: int) -> bool:
        """Whether at least two of three made-up studies of so many times the rounds are decided."""
        outcomes = (decided(*_made_up(rows, repeats, times * rounds, rng)) for _ in range(3))
        first, second = next(outcomes), next(outcomes)
        return first if first == second else next(outcomes)

    *fewer, most = TIMES
    if not is_enough(most):  # the usual answer, found by two studies
        return float("nan")
    return rounds * next((times for times in fewer if is_enough(times)), most)


def _made_up(
    rows: pd.DataFrame, repeats: pd.DataFrame, rounds: int, rng: np.random.Generator
) -> tuple[pd.DataFrame, pd.DataFrame]:
    noise = float(np.sqrt(repeats.groupby("cell")["log_s"].var().median()))
    truth = rows.set_index("cell")["log_s"]
    once = repeats[repeats["round"] == repeats.groupby("cell")["round"].transform("min")]
    again = pd.concat([once.assign(round=number + 1) for number in range(rounds)])
    again = again.sort_values("round", kind="stable", ignore_index=True)
    log_s = again["cell"].map(truth) + rng.normal(0, noise, len(again))
    error = noise * np.sqrt(MEDIAN_VARIANCE / (rounds * len(once) / once["cell"].nunique()))
    moved = rows["log_s"] + rng.normal(0, error, len(rows))
    return (
        rows.assign(log_s=moved, time_s=np.exp(moved)),
        again.assign(log_s=log_s, time_s=np.exp(log_s), latency_s=np.exp(log_s)),
    )


COST = Described(
    {
        **OWN,
        "cell": text("cell"),
        "latency_s": number("seconds a call"),
        "throughput_per_s": number("examples a second"),
        "front": flag("no other cell of the family has both less latency and more throughput"),
        "within": flag("whether a call takes no longer than `budget.latency_ms`"),
        "cost_per_million": number("price of a million examples; missing = no price was given"),
    }
)
MILLION = 1e6


def costs(
    cells: pd.DataFrame, latency_ms: float | None, price_per_hour: float | None
) -> pd.DataFrame:
    """One row a cell, the highest throughput first, which is the cheapest: whether it lies on the
    front of latency and throughput, whether a call is within the latency, and with a price what a
    million examples cost."""
    price = np.nan if price_per_hour is None else price_per_hour
    longest_ms = np.inf if latency_ms is None else latency_ms
    table = cells.assign(
        front=on_front(cells),
        within=1000 * cells["latency_s"] <= longest_ms,
        cost_per_million=cost_of(cells["throughput_per_s"], price),
    ).sort_values("throughput_per_s", ascending=False, kind="stable")
    table = table.sort_values(["machine", "model"], kind="stable")
    return table[COST.names].reset_index(drop=True)


def cost_of(per_s: Any, price_per_hour: float) -> Any:
    """The price of a million examples at so many a second.

    >>> cost_of(1e6, 3600)
    1.0
    """
    return price_per_hour / HOUR_S * MILLION / per_s


def on_front(cells: pd.DataFrame) -> pd.Series:
    """Which cells no other one of their machine and model beats in latency and in throughput."""
    ordered = cells.sort_values(["latency_s", "throughput_per_s"], ascending=[True, False])
    best = ordered.groupby(["machine", "model"])["throughput_per_s"].cummax()
    before = best.groupby([ordered["machine"], ordered["model"]]).shift(fill_value=0.0)
    return (ordered["throughput_per_s"] > before).reindex(cells.index)
