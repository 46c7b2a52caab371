"""The paper's claims and their verdicts in words."""

import pandas as pd

from tfscale.phrases import between, p_words

NAMES = {"primary": "Holm", "exploratory": "Benjamini-Hochberg"}


def claim_words(table: pd.DataFrame) -> list[str]:
    """A sentence for every row: the claim, its verdict, the effect with its interval."""
    sentences = []
    for row in table.to_dict("records"):
        what = f'{row["claim"]}, {row["machine"]}: "{row["text"]}"'
        words = row["test"].split()[2:]
        part = f" ({' '.join(words)})" if words else ""
        if row["verdict"] == "not testable":
            sentences.append(f"{what}{part} is not testable: {row['note']}.")
            continue
        of = row["effect_of"]
        size = f"{row['effect']:.3g} {between(row['effect_low'], row['effect_high'])}"
        sentences.append(
            f"{what}{part}: {row['verdict']}. {of[0].upper()}{of[1:]} {size}, "
            f"{p_words(row['p_adjusted'])} ({NAMES[row['family']]}); {row['note']}."
        )
    return sentences
