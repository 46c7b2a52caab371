"""Statements that a factor makes no difference, in words."""

import pandas as pd

from tfscale.analysis.equivalence import ALL, no_effect
from tfscale.axis_words import AXIS_WORDS
from tfscale.phrases import p_words, times
from tfscale.units import percent


def equivalence_words(table: pd.DataFrame) -> list[str]:
    """A sentence for every machine, model and factor, with its greatest difference."""
    sentences = []
    for row in no_effect(table).to_dict("records"):
        name = AXIS_WORDS[row["factor"]].name
        size = times(row["ratio"], row["ratio_low"], row["ratio_high"])
        where = "over all cells" if row["stratum"] == ALL else f"at {row['stratum']}"
        verdict = {
            "equivalent": f"makes no difference beyond {percent(row['margin'])}",
            "different": "makes a difference",
            "undetermined": f"is undetermined at the margin of {percent(row['margin'])}",
            "not testable": "is not testable: too few matched pairs",
        }[row["verdict"]]
        most = (
            f"; at most, from {row['base']:g} to {row['level']:g} {where}: {size}, "
            f"{row['pairs']} pairs, equivalence {p_words(row['p_equivalence'])}, "
            f"difference {p_words(row['p_holm'])} (Holm)"
        )
        said = most if row["verdict"] != "not testable" else ""
        sentences.append(f"{row['model']} on {row['machine']}: {name} {verdict}{said}.")
    return sentences
