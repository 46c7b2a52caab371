"""Machine against machine in words: never one speed-up alone."""

import pandas as pd

from tfscale.phrases import p_words, times

RATES = {"overhead_s": "overhead a call", "flop_per_s": "FLOP a second"}


def machine_words(table: pd.DataFrame) -> list[str]:
    """A sentence for every model and pair of machines; never one speed-up alone."""
    sentences = []
    for (model, machine, base), group in table.groupby(["model", "machine", "base"], sort=False):
        by = group.set_index("quantity")
        if "time" not in by.index:
            sentences.append(f"{model}, {machine} against {base}: {by['verdict'].iloc[0]}.")
            continue
        size = {
            name: times(*by.loc[name, ["ratio", "ratio_low", "ratio_high"]]) for name in by.index
        }
        rates = ", ".join(f"{RATES[name]} {size[name]}" for name in RATES if name in size)
        constant = by.loc["constant"]
        fixed = "is not constant" if constant["verdict"] == "rejected" else "may be constant"
        what = "architectures (interpolated)" if by["interpolated"].iloc[0] else "cells"
        sentences.append(
            f"{model}, {machine} against {base} on {by['cells'].iloc[0]} common {what}: {rates}; "
            f"time {size['time at the least work']} at the least work and "
            f"{size['time at the most work']} at the most; the ratio {fixed} "
            f"({p_words(constant['p_value'])})."
        )
    return sentences
