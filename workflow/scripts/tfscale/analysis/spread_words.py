"""Whether times scatter more at some levels of a factor, in words."""

import numpy as np
import pandas as pd

from tfscale.axis_words import AXIS_WORDS
from tfscale.phrases import p_words, times


def spread_words(table: pd.DataFrame) -> list[str]:
    """A sentence for every machine, model, factor and basis."""
    sentences = []
    keys = ["machine", "model", "factor", "basis"]
    for (machine, model, factor, basis), group in table.groupby(keys, sort=False):
        said = [_words(row) for row in group.to_dict("records")]
        of = "scatter of repeats" if basis == "replicates" else "scatter"
        name = AXIS_WORDS[factor].name
        sentences.append(f"{model} on {machine}, {of} with {name}: {'; '.join(said)}.")
    return sentences


def _words(row: dict) -> str:
    unit = {"seconds": "in seconds", "log seconds": "in per cent"}[row["scale"]]
    if not np.isfinite(row["ratio"]):
        return f"{unit} {row['verdict']}"
    size = times(row["ratio"], row["ratio_low"], row["ratio_high"])
    return (
        f"{unit} {row['verdict']}, at {row['highest']:g} {size} that at {row['lowest']:g}, "
        f"Brown-Forsythe {p_words(row['brown_forsythe_p'])}, "
        f"Breusch-Pagan {p_words(row['breusch_pagan_p'])}"
    )
