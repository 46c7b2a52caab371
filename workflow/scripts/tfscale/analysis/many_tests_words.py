"""How many tests were made and which stand, in words."""

import pandas as pd

from tfscale.phrases import p_words

NAMES = {"holm": "Holm", "fdr_bh": "Benjamini-Hochberg"}


def many_tests_words(table: pd.DataFrame) -> list[str]:
    """A sentence for every family: how many tests, and which ones survive the correction."""
    sentences = []
    for family, group in table.groupby("family", sort=False):
        found = group[group["verdict"] == "found"].sort_values("p_adjusted")
        said = [f"{row['test']} ({p_words(row['p_adjusted'])})" for row in found.to_dict("records")]
        method = NAMES[group["method"].iloc[0]]
        sentences.append(
            f"Of {group['tests'].iloc[0]} {family} tests {len(found)} stand after {method}"
            f"{': ' + ', '.join(said) if said else ''}."
        )
    return sentences
