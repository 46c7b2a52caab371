"""The findings in words, generated from the numbers; the most interesting first."""

import numpy as np
import pandas as pd

from tfscale.axis_words import AXIS_WORDS, value_words
from tfscale.correlations import varying
from tfscale.laws import slices
from tfscale.matched import comparisons
from tfscale.units import seconds

RISES = {"log": "with the logarithm of", "linear": "linearly with", "power": "as a power of"}


def findings(cells: pd.DataFrame, laws: pd.DataFrame) -> list[str]:
    """Sentences on what drives the time: first the strongest factor of each model, then
    the values without an order, what batching gains, the extremes and the other factors."""
    effects = _effects(cells)
    strongest, rest = [], []
    for _, group in effects.groupby(["machine", "model"], sort=False):
        ranked = group.sort_values("ratio", key=lambda ratio: np.log(ratio).abs(), ascending=False)
        sentences = [_effect(row, laws) for row in ranked.to_dict("records")]
        strongest += sentences[:1]
        rest += sentences[1:]
    return [*strongest, *_categories(cells), *_batching(cells), *_extremes(cells), *rest]


def _effects(cells: pd.DataFrame) -> pd.DataFrame:
    """How many times longer a call takes at a factor's highest level than at its lowest."""
    rows = []
    for (machine, model), table in cells.groupby(["machine", "model"], sort=False):
        for factor in varying(table):
            relative, _ = slices(table, factor)
            if relative.empty:
                continue
            levels = relative.groupby(table.loc[relative.index, factor]).median()
            rows.append(
                {
                    "machine": machine,
                    "model": model,
                    "factor": factor,
                    "lowest": levels.index.min(),
                    "highest": levels.index.max(),
                    "ratio": levels.iloc[-1] / levels.iloc[0],
                }
            )
    return pd.DataFrame(rows, columns=["machine", "model", "factor", "lowest", "highest", "ratio"])


def _effect(effect: dict, laws: pd.DataFrame) -> str:
    where = " & ".join(f"{key} == {effect[key]!r}" for key in ("machine", "model", "factor"))
    fits = laws.query(where)
    power = fits[fits["law"] == "power"].iloc[0]
    name = AXIS_WORDS[effect["factor"]].name
    verdict = power["verdict"]
    law = f"the time rises {RISES[verdict]} {name}" if verdict in RISES else f"its law: {verdict}"
    return (
        f"{effect['model']}: from {name} {effect['lowest']} to {effect['highest']} a call takes "
        f"{effect['ratio']:.3g} times as long (elasticity {power['slope']:.2f}, "
        f"{power['slope_low']:.2f} to {power['slope_high']:.2f}); {law}."
    )


def _categories(cells: pd.DataFrame) -> list[str]:
    """What each value without an order (a precision, XLA, a path) costs against the usual one."""
    return [
        f"{found.model}: {value_words(found.axis, found.value)} takes {found.ratio:.3g} times as "
        f"long as {value_words(found.axis, found.base)} (median over {found.pairs} matched "
        f"pair{'s' if found.pairs > 1 else ''}, {found.low:.3g} to {found.high:.3g})."
        for found in comparisons(cells)
    ]


def _batching(cells: pd.DataFrame) -> list[str]:
    """What the best batch size gains in throughput over the smallest one."""
    sentences = []
    for model, table in cells.groupby("model", sort=False):
        by_batch = table.groupby("batch_size")["throughput_per_s"].median()
        if len(by_batch) > 1:
            best, smallest = by_batch.idxmax(), by_batch.index.min()
            gain = by_batch[best] / by_batch[smallest]
            sentences.append(
                f"{model}: batch size {best} has the highest median throughput, "
                f"{gain:.3g} times that of batch size {smallest}."
            )
    return sentences


def _extremes(cells: pd.DataFrame) -> list[str]:
    ordered = cells.sort_values("latency_s")
    fast, slow = ordered.iloc[0], ordered.iloc[-1]
    if len(ordered) < 2:
        return []
    return [
        f"The slowest cell, {slow['cell']}, takes {seconds(slow['latency_s'])} a call, "
        f"{slow['latency_s'] / fast['latency_s']:,.0f} times the fastest, {fast['cell']} "
        f"({seconds(fast['latency_s'])})."
    ]
