"""What to do with the answers: cells to time next, and what an example costs."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from tfscale.analysis.material import with_work
from tfscale.analysis.slices import OWN, SETTING, split
from tfscale.analysis.work_model import Fitted, design
from tfscale.axes import AXES, Cell
from tfscale.files.columns import count, described, flag, number, text

MOST_NEXT = 5
RUN_S, CALLS = 1.0, 12
"""About what a process takes besides its calls, and how many calls it makes at least."""
NEXT = described(
    {
        **OWN,
        "rank": count("its place, the first tells most for its time"),
        "cell": text("a cell that was not timed"),
        "narrows": number("share of the variance of all predictions that timing it takes away"),
        "cost_s": number("about the seconds that a process of it takes"),
        "predicted_s": number("predicted latency"),
    }
)


def next_cells(fitted: list[Fitted], asked: Mapping[str, Cell], work: Mapping) -> pd.DataFrame:
    """The predicted cells whose timing would narrow the predictions of all of them most for its
    time, at most 5 a machine and model; none where the work model has no bootstrap.

    The bootstrap's predictions are taken for draws of a normal distribution, of which timing a cell
    fixes one coordinate up to the model's own misfit (Cohn, Ghahramani and Jordan 1996, Active
    learning with statistical models).
    """
    rows = []
    table = pd.DataFrame([{"cell": name} | cell for name, cell in asked.items()])
    if len(table):
        table = with_work(table.reindex(columns=["cell", *AXES]), work, "sample")
        wanted = dict(split(table.assign(called_batch=table["batch_size"]), ["model", *SETTING]))
        for one in fitted:
            own = wanted.get(tuple(one.group[axis] for axis in ("model", *SETTING)))
            if own is not None and len(one.draws):
                rows += list(_most_telling(one, own))
    return pd.DataFrame(rows, columns=NEXT.names)


def _most_telling(one: Fitted, asked: pd.DataFrame) -> Iterator[dict]:
    x = design(asked)
    latency_s = x @ one.model.costs
    off = np.log(np.maximum(one.draws @ x.T, 1e-12))
    off = (off - off.mean(axis=0)) / np.sqrt(len(off))
    misfit = np.log(one.predicted_s / one.cells["latency_s"].to_numpy(float))
    noise = float(np.median(np.abs(misfit)) ** 2) + 1e-8
    cost_s = RUN_S + CALLS * latency_s
    total = float((off**2).sum())
    for rank in range(1, min(MOST_NEXT, len(asked)) + 1):
        variance = (off**2).sum(axis=0) + noise
        gain = ((off @ off.T @ off) * off).sum(axis=0) / variance
        best = int((gain / cost_s).argmax())
        if not total or gain[best] / total < LEAST_GAIN:
            return
        yield {name: one.group[name] for name in OWN} | {
            "rank": rank,
            "cell": asked["cell"].iloc[best],
            "narrows": gain[best] / total,
            "cost_s": cost_s[best],
            "predicted_s": latency_s[best],
        }
        step = 1 / (1 + np.sqrt(noise / variance[best]))
        off = off - step * np.outer(off[:, best], off[:, best] @ off) / variance[best]


LEAST_GAIN = 0.01
COST = described(
    {
        **OWN,
        "cell": text("cell"),
        "latency_s": number("seconds a call"),
        "throughput_per_s": number("examples a second"),
        "cost_per_million": number("price of a million examples, one after the other"),
        "within": flag("whether a call takes no longer than `budget.latency_ms`"),
        "front": flag("no other cell of the family has both less latency and more throughput"),
    }
)
HOUR_S, MILLION = 3600, 1e6


def costs(
    cells: pd.DataFrame, latency_ms: float | None, price_per_hour: float | None
) -> pd.DataFrame:
    """One row a cell, the cheapest first: what a million examples cost, whether a call is within
    the latency, and whether the cell lies on the front of latency and throughput. No price: no
    row."""
    if price_per_hour is None:
        return pd.DataFrame(columns=COST.names)
    table = cells.assign(
        cost_per_million=cost_of(cells["throughput_per_s"], price_per_hour),
        within=latency_ms is None or cells["latency_s"] <= (latency_ms or 0) / 1000,
        front=on_front(cells),
    )
    order = ["machine", "model", "cost_per_million"]
    return table.sort_values(order, kind="stable")[COST.names].reset_index(drop=True)


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
