"""The paper's eight claims, each tested on every machine that has its model."""

from collections.abc import Collection

import numpy as np
import pandas as pd

from tfscale.analysis.claim_list import CLAIMS, PRIMARY, Claim, primary_tests
from tfscale.analysis.design import by_model
from tfscale.analysis.many_tests import adjust
from tfscale.analysis.outliers import outliers, without

COLUMNS = (
    "claim", "test", "text", "machine", "model", "method", "effect_of", "effect", "effect_low",
    "effect_high", "p_value", "family", "p_adjusted", "verdict", "note", "cells", "left_out",
)  # fmt: skip
Tables = dict[tuple[str, str], pd.DataFrame]


def claims(
    cells: pd.DataFrame, confidence: float, imported: Collection[str] = (),
    visits: pd.DataFrame | None = None, primary: Collection[str] = PRIMARY,
) -> pd.DataFrame:  # fmt: skip
    """One row a claim (or part of one: `test`) and machine that has cells of its model.

    The time is that of a pass (pass_mean_s, seconds), the paper's; `visits` (from `visit_rows`)
    are the repeats of measured cells. p_adjusted is Holm's over the machine's `primary` tests and
    Benjamini-Hochberg's over its others (`primary_tests` says what names mean). Verdict: supported
    or rejected (p_adjusted below 1 - confidence), undetermined, not testable (the note says why).
    Rows that `outliers` flags are left out, and the note says what the verdict is with them, where
    it differs. A machine of one's own without the claim's model has a row that is not testable;
    tables named in `imported` have not.
    """
    flagged = outliers(cells, confidence, imported)
    again = _tables(visits)
    table = _tested(_tables(without(cells, flagged)), again, confidence, imported, primary)
    dropped = flagged.groupby(["machine", "model"]).size()
    keys = pd.MultiIndex.from_frame(table[["machine", "model"]])
    table["left_out"] = 0
    if len(flagged):
        table["left_out"] = dropped.reindex(keys).fillna(0).astype(int).to_numpy()
        touched = _tables(cells[cells["machine"].isin(flagged["machine"])])
        whole = _tested(touched, again, confidence, imported, primary)
        said = whole.set_index(["test", "machine"])["verdict"]
        for index, row in table[table["left_out"] > 0].iterrows():
            other = said[row["test"], row["machine"]]
            if other != row["verdict"]:
                more = f"with the {row['left_out']} outliers: {other}"
                table.loc[index, "note"] = f"{row['note']}; {more}"
    return table[list(COLUMNS)]


def _tables(rows: pd.DataFrame | None) -> Tables:
    if rows is None:
        return {}
    return {(machine, model): table for machine, model, table in by_model(rows)}


def _tested(
    tables: Tables, visits: Tables, confidence: float, imported: Collection[str],
    primary: Collection[str],
) -> pd.DataFrame:  # fmt: skip
    rows = []
    for machine in dict.fromkeys(machine for machine, _ in tables):
        made = pd.DataFrame(
            [_row(claim, machine, tables, visits, 1 - confidence) for claim in CLAIMS
             if (machine, claim.model) in tables or machine not in imported]
        )  # fmt: skip
        if made.empty:
            continue
        first = [name for name in primary_tests(primary) if name in set(made["test"])]
        made = adjust(made, first, confidence)
        stands = made["verdict"] == "found"
        made["verdict"] = made["verdict"].mask(stands, made["found"])
        rows.append(made)
    if not rows:
        return pd.DataFrame(columns=list(COLUMNS))
    return pd.concat(rows, ignore_index=True)


def _row(claim: Claim, machine: str, tables: Tables, visits: Tables, alpha: float) -> dict:
    empty = dict.fromkeys(("effect", "effect_low", "effect_high", "p_value"), np.nan)
    names = ("claim", "test", "text", "model", "method", "effect_of")
    head = {name: getattr(claim, name) for name in names}
    head |= {"machine": machine, "found": "", "cells": 0}
    rows = tables.get((machine, claim.model))
    if rows is None:
        return head | empty | {"note": f"no cells of {claim.model}"}
    found = claim.run(rows, alpha, visits.get((machine, claim.model)))
    return head | empty | {"cells": len(rows)} | found
