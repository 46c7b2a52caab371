"""The outliers in words."""

import pandas as pd

from tfscale.phrases import p_words


def outlier_words(flagged: pd.DataFrame, tables: int) -> list[str]:
    """A sentence for every flagged cell, or that none was found in so many tables."""
    if flagged.empty:
        return [f"No cell is an outlier in {tables} tables (Bonferroni)."]
    return [
        f"{row['cell']} on {row['machine']} took {row['ratio']:.3g} times "
        f"({row['ratio_low']:.3g} to {row['ratio_high']:.3g}) what the other cells let expect "
        f"(Bonferroni {p_words(row['p_bonferroni'])}). To time it again: {row['command']}."
        for row in flagged.to_dict("records")
    ]
