"""The local elasticities in words: how the growth of time changes along a factor."""

import pandas as pd

from tfscale.analysis.elasticities import POOLED
from tfscale.axis_words import AXIS_WORDS
from tfscale.phrases import between


def elasticity_sentences(table: pd.DataFrame) -> list[str]:
    """One sentence a machine, model and factor of the table of `elasticities`, pooled rows only:
    the elasticity between the lowest and between the highest two levels, with intervals."""
    pooled = table[table["slice"] == POOLED].sort_values(["x_low", "x_high"])
    return [
        _sentence(machine, model, factor, rows)
        for (machine, model, factor), rows in pooled.groupby(
            ["machine", "model", "factor"], sort=False
        )
    ]


def _sentence(machine: str, model: str, factor: str, rows: pd.DataFrame) -> str:
    first, last = rows.iloc[0], rows.iloc[-1]
    head = f"{model} on {machine}: the elasticity of time to {AXIS_WORDS[factor].name} is"
    if len(rows) == 1:
        return f"{head} {_one(first)}."
    return f"{head} {_one(first)} and {_one(last)}: {_trend(first, last)}."


def _one(row: pd.Series) -> str:
    interval = between(row["elasticity_low"], row["elasticity_high"], "{:.2g}".format)
    return f"{row['elasticity']:.2f} {interval} from {row['x_low']:g} to {row['x_high']:g}"


def _trend(first: pd.Series, last: pd.Series) -> str:
    """What the two intervals say of the direction."""
    if last["elasticity_low"] > first["elasticity_high"]:
        return "the last step costs more in proportion than the first"
    if last["elasticity_high"] < first["elasticity_low"]:
        return "the last step costs less in proportion than the first"
    return "whether growth speeds up or slows down is undetermined"
