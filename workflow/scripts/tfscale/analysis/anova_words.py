"""What explains the differences in time, in words."""

import pandas as pd

from tfscale.axis_words import AXIS_WORDS
from tfscale.phrases import p_words, share


def anova_words(table: pd.DataFrame) -> list[str]:
    """A sentence for every machine and model: the terms by the share that they explain."""
    sentences = []
    for (machine, model), group in table.groupby(["machine", "model"], sort=False):
        ranked = group.dropna(subset=["omega_squared"])
        ranked = ranked.sort_values("omega_squared", ascending=False)
        said = [
            f"{_name(row['term'])} {share(max(row['omega_squared'], 0))} "
            f"({share(row['omega_low'])} to {share(row['omega_high'])}; "
            f"{p_words(row['p_value'])}, clustered {p_words(row['p_clustered'])})"
            for row in ranked.to_dict("records")
            if row["verdict"] == "explains"
        ]
        verdict = f"undetermined which axis matters ({len(group)} terms, none shown to explain any)"
        if ranked.empty:
            verdict = group["verdict"].iloc[0]
        explained = "of the variance of ln time explain " + ", ".join(said)
        sentences.append(f"{model} on {machine}: {explained if said else verdict}.")
    return sentences


def _name(term: str) -> str:
    return " x ".join(
        AXIS_WORDS[part.removesuffix("^2")].name + (" squared" if part.endswith("^2") else "")
        for part in term.split(" x ")
    )
