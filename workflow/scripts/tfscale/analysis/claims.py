"""The claims, their verdicts, all other tests, sentences."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from tfscale.analysis.claim_tests import (
    Found,
    alike,
    driven_by,
    faster,
    logarithmic,
    no_difference,
    scatter,
)
from tfscale.analysis.effects import no_effect
from tfscale.analysis.scatter import outliers, without
from tfscale.analysis.slices import by_model
from tfscale.analysis.statistics import adjust
from tfscale.errors import StudyError
from tfscale.words import between, p_words

MARGIN = 0.10
Test = Callable[[pd.DataFrame, float, pd.DataFrame | None], Found]
"""Rows of one model on one machine, alpha, and its visits (`visit_rows`) where it has any."""


@dataclass(frozen=True)
class Claim:
    """One claim or a part of it: its name (the claim's number first), its model, its words, the
    method, what the effect is, and the test itself."""

    test: str
    model: str
    text: str
    method: str
    effect_of: str
    run: Test

    @property
    def claim(self) -> str:
        """The paper's claim that this is a part of: C1 to C8."""
        return self.test.split()[0]


PARTS = {
    "in seconds": ("seconds", "levels"),
    "in per cent": ("log seconds", "levels"),
    "of repeats in per cent": ("log seconds", "replicates"),
}


def _scatter(claim: str, model: str, factor: str, word: str) -> list[Claim]:
    def part(scale: str, basis: str) -> Test:
        return lambda rows, alpha, visits: scatter(rows, alpha, factor, scale, basis, visits)

    return [
        Claim(
            f"{claim} {factor} {name}",
            model,
            f"the variance of {model}'s time grows with {word}",
            "Brown-Forsythe",
            "scatter at the highest level over that at the lowest",
            part(*how),
        )
        for name, how in PARTS.items()
    ]


def _no_difference(claim: str, model: str, factor: str, word: str) -> Claim:
    return Claim(
        f"{claim} {factor}", model, f"{word} makes no difference to {model}'s time",
        "TOST, F of matched slices", "greatest ratio of matched times",
        lambda rows, alpha, _: no_difference(rows, alpha, factor, MARGIN),
    )  # fmt: skip


CLAIMS = (
    Claim("C1", "mnist", "mnist's time is driven by layers", "ANOVA, noncentral F",
          "share of the variance of ln time", lambda rows, a, _: driven_by(rows, a, "layers")),
    Claim("C2", "mnist", "mnist's time grows logarithmically with layers",
          "lack of fit F, Akaike weights", "miss of the log law in ln time",
          lambda rows, a, _: logarithmic(rows, a, "layers")),
    *_scatter("C3", "mnist", "layers", "layers"),
    _no_difference("C4", "mnist", "conv_size", "convolution size"),
    _no_difference("C4", "mnist", "batch_size", "batch size"),
    Claim("C5", "mnist", "convolution size 8 is a little faster than 5 in mnist",
          "paired t, Holm over layers", "time at 8 over that at 5",
          lambda rows, a, _: faster(rows, a, "conv_size", 5, 8)),
    Claim("C6", "text", "text's time is equally correlated with layers and convolution size",
          "contrast of cell means, HC3", "difference of the Pearson correlations",
          lambda rows, a, _: alike(rows, a, "layers", "conv_size")),
    *_scatter("C7", "text", "layers", "layers"),
    *_scatter("C7", "text", "conv_size", "convolution size"),
    _no_difference("C8", "text", "batch_size", "batch size"),
)  # fmt: skip
"""All claims in the paper's order."""

PRIMARY = tuple(claim.test for claim in CLAIMS if "of repeats" not in claim.test)
"""The primary tests unless the config names others: the claims, without the repeats."""


def primary_tests(names: Collection[str] = PRIMARY) -> list[str]:
    """The tests that `analysis.primary` means: a claim's number stands for its parts but
    those about repeats, which are named in full.

    Raises StudyError for a name that is neither a claim nor a test.
    """
    known = {claim.test for claim in CLAIMS} | {claim.claim for claim in CLAIMS}
    if unknown := sorted(set(names) - known):
        raise StudyError(
            f"analysis.primary: no test is called {', '.join(unknown)}; there are "
            f"{', '.join(sorted(known))}"
        )
    return [
        claim.test
        for claim in CLAIMS
        if claim.test in names or (claim.claim in names and claim.test in PRIMARY)
    ]


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


CORRECTION_NAMES = {"holm": "Holm", "fdr_bh": "Benjamini-Hochberg"}


def many_tests_words(table: pd.DataFrame) -> list[str]:
    """A sentence for every family: how many tests, and which ones survive the correction."""
    sentences = []
    for family, group in table.groupby("family", sort=False):
        found = group[group["verdict"] == "found"].sort_values("p_adjusted")
        said = [f"{row['test']} ({p_words(row['p_adjusted'])})" for row in found.to_dict("records")]
        method = CORRECTION_NAMES[group["method"].iloc[0]]
        sentences.append(
            f"Of {group['tests'].iloc[0]} {family} tests {len(found)} stand after {method}"
            f"{': ' + ', '.join(said) if said else ''}."
        )
    return sentences


EXPLORATORY_COLUMNS = (
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
        return pd.DataFrame(columns=list(EXPLORATORY_COLUMNS))
    return pd.concat(adjusted, ignore_index=True)[list(EXPLORATORY_COLUMNS)]


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
