"""Corrections for many tests: Holm over the primary ones, Benjamini-Hochberg over the others."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from statsmodels.stats.multitest import multipletests

from tfscale.errors import StudyError

METHODS = {"primary": "holm", "exploratory": "fdr_bh"}


def adjust(tests: pd.DataFrame, primary: Sequence[str], confidence: float) -> pd.DataFrame:
    """The tests with the columns family, method, tests (in the family), p_adjusted, verdict.

    `tests` has test (its name) and p_value; NaN is a test that could not be made, which takes no
    part. Holm holds the chance of one false alarm among the primary tests, Benjamini-Hochberg
    the share of false alarms among what is found among the others. Raises StudyError for a
    primary test that does not exist and for a p outside of 0 to 1.
    """
    if unknown := sorted(set(primary) - set(tests["test"])):
        raise StudyError(
            f"no test is called {', '.join(unknown)} (primary tests in config.yaml); "
            f"there are {', '.join(sorted(set(tests['test'])))}"
        )
    p_values = tests["p_value"].astype(float)
    if ((p_values < 0) | (p_values > 1)).any():
        raise StudyError("a p-value lies outside of 0 to 1")
    family = np.where(tests["test"].isin(list(primary)), "primary", "exploratory")
    table = tests.assign(family=family, method=pd.Series(family, tests.index).map(METHODS))
    table["p_adjusted"] = np.nan
    table["tests"] = 0
    for name, method in METHODS.items():
        made = (table["family"] == name) & p_values.notna()
        table.loc[table["family"] == name, "tests"] = int(made.sum())
        table.loc[made, "p_adjusted"] = corrected(p_values[made], method)
    found = np.where(table["p_adjusted"] < 1 - confidence, "found", "undetermined")
    table["verdict"] = np.where(p_values.isna(), "not testable", found)
    return table


def corrected(p_values: pd.Series, method: str = "holm") -> np.ndarray:
    """Adjusted p-values in the same order; NaN stays NaN and takes no part."""
    adjusted = p_values.to_numpy(dtype=float, copy=True)
    made = np.isfinite(adjusted)
    if made.any():
        adjusted[made] = multipletests(adjusted[made], method=method)[1]
    return adjusted
