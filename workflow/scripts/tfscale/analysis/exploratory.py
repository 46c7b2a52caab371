"""All tests beside the claims, corrected together by the share of false alarms."""

from collections.abc import Mapping

import pandas as pd

from tfscale.analysis.equivalence import no_effect
from tfscale.analysis.many_tests import adjust

COLUMNS = (
    "machine", "model", "test", "p_value", "family", "method", "tests", "p_adjusted", "verdict",
)  # fmt: skip


def exploratory(tables: Mapping[str, pd.DataFrame], confidence: float) -> pd.DataFrame:
    """One row a test, with Benjamini-Hochberg's p_adjusted over the tests of its machine.

    `tables` maps anova, spread, equivalence, order, machines and drift (those that there are) to
    the tables of the modules of that name. The test of `equivalence` is that a factor makes no
    difference beyond the margin. Verdict: found, undetermined, not testable.
    """
    made = [_named(NAMED[name](table)) for name, table in tables.items() if name in NAMED]
    tests = pd.concat([part for part in made if len(part)] or [_named(pd.DataFrame())])
    adjusted = [adjust(group, (), confidence) for _, group in tests.groupby("machine", sort=False)]
    if not adjusted:
        return pd.DataFrame(columns=list(COLUMNS))
    return pd.concat(adjusted, ignore_index=True)[list(COLUMNS)]


def _named(table: pd.DataFrame) -> pd.DataFrame:
    columns = ["machine", "model", "test", "p_value"]
    return table.reindex(columns=columns).astype({"p_value": float}).dropna(subset=["test"])


def _constant(table: pd.DataFrame) -> pd.DataFrame:
    rows = table[table["quantity"] == "constant"]
    return rows.assign(test="constant ratio to " + rows["base"].astype(str))


NAMED = {
    "anova": lambda table: table.assign(test="anova " + table["term"].astype(str)).mask(
        table["term"].isna()
    ),
    "spread": lambda table: table.assign(
        test="spread " + table["factor"] + " " + table["scale"] + " " + table["basis"],
        p_value=table["brown_forsythe_p"],
    ),
    "equivalence": lambda table: no_effect(table).pipe(
        lambda rows: rows.assign(test="no effect of " + rows["factor"],
                                 p_value=rows["p_equivalence"])
    ),
    "order": lambda table: table.assign(test="run order", p_value=table["p_holm"]),
    "machines": _constant,
    "drift": lambda table: table.assign(model="all", test="drift " + table["term"]),
}  # fmt: skip
"""How the rows of each table become tests."""
