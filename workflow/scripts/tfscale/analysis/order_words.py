"""Drift in run order, in words."""

import numpy as np
import pandas as pd

from tfscale.phrases import p_words, times


def order_words(table: pd.DataFrame) -> list[str]:
    """A sentence for every machine and model."""
    sentences = []
    for row in table.to_dict("records"):
        said = row["verdict"]
        if np.isfinite(row["order_p"]):
            size = times(row["effect"], row["effect_low"], row["effect_high"])
            what = "times drift with run order" if said == "drift" else f"drift is {said}"
            said = (
                f"{what}, most at {row['at_layers']:g} layers: from the first to the last row "
                f"{size}; order {p_words(row['order_p'])}, "
                f"Ljung-Box {p_words(row['ljung_box_p'])}"
            )
        sentences.append(f"{row['model']} on {row['machine']}: {said}.")
    return sentences
