"""The claims, their verdicts, all other tests."""

from collections.abc import Callable, Collection
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import false_discovery_control

from tfscale.analysis.advice import rounds_needed
from tfscale.analysis.claim_tests import (
    Found,
    alike,
    driven_by,
    faster,
    logarithmic,
    no_difference,
    scatter,
)
from tfscale.analysis.scatter import outliers
from tfscale.analysis.slices import OWN, by_model
from tfscale.analysis.statistics import corrected, holm
from tfscale.axes import FAMILIES
from tfscale.files.columns import Described, bounded, count, number, text

Test = Callable[[pd.DataFrame, float, pd.DataFrame | None], Found]
"""Rows of one model on one machine, alpha, and its repeats (`process_rows`) where it has any."""


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
    def part(how: tuple[str, str]) -> Test:
        return lambda rows, alpha, repeats: scatter(rows, alpha, factor, how, repeats)

    return [
        Claim(
            f"{claim} {factor} {name}",
            model,
            f"the variance of {model}'s time grows with {word}",
            "Brown-Forsythe",
            "scatter at the highest level over that at the lowest",
            part(how),
        )
        for name, how in PARTS.items()
    ]


def _no_difference(claim: str, model: str, factor: str, word: str) -> Claim:
    return Claim(
        f"{claim} {factor}",
        model,
        f"{word} makes no difference to {model}'s time",
        "TOST, F of matched slices",
        "greatest ratio of matched times",
        lambda rows, alpha, repeats: no_difference(rows, alpha, factor, repeats),
    )


CLAIMS = (
    Claim(
        "C1",
        "mnist",
        "mnist's time is driven by layers",
        "ANOVA, noncentral F",
        "share of the variance of ln time",
        lambda rows, a, _: driven_by(rows, a, "layers"),
    ),
    Claim(
        "C2",
        "mnist",
        "mnist's time grows logarithmically with layers",
        "lack of fit F, Akaike weights",
        "miss of the log law in ln time",
        lambda rows, a, _: logarithmic(rows, a, "layers"),
    ),
    *_scatter("C3", "mnist", "layers", "layers"),
    _no_difference("C4", "mnist", "conv_size", "convolution size"),
    _no_difference("C4", "mnist", "batch_size", "batch size"),
    Claim(
        "C5",
        "mnist",
        "convolution size 8 is a little faster than 5 in mnist",
        "paired t, Holm over layers",
        "time at 8 over that at 5",
        lambda rows, a, repeats: faster(rows, a, "conv_size", (5, 8), repeats),
    ),
    Claim(
        "C6",
        "text",
        "text's time is equally correlated with layers and convolution size",
        "contrast of cell means, HC3",
        "difference of the Pearson correlations",
        lambda rows, a, _: alike(rows, a, "layers", "conv_size"),
    ),
    *_scatter("C7", "text", "layers", "layers"),
    *_scatter("C7", "text", "conv_size", "convolution size"),
    _no_difference("C8", "text", "batch_size", "batch size"),
)
"""All claims in the paper's order."""

PRIMARY = tuple(claim.test for claim in CLAIMS if "of repeats" not in claim.test)
"""The primary tests unless the config names others: the claims, without the repeats."""


def primary_tests(names: Collection[str] = PRIMARY) -> list[str]:
    """The tests that `analysis.primary` means: a claim's number stands for its parts but
    those about repeats, which are named in full.
    """
    return [
        claim.test
        for claim in CLAIMS
        if claim.test in names or (claim.claim in names and claim.test in PRIMARY)
    ]


CLAIM_ROWS = Described(
    {
        "claim": text("the paper's claim, C1 to C8"),
        "test": text("the claim or a part of it, as `analysis.primary` names it"),
        "text": text("the claim in words"),
        **OWN,
        "method": text("the test"),
        "effect_of": text("what the effect is"),
        **bounded("effect", "size of the effect"),
        "p_value": number("p of the test"),
        "family": text("primary or exploratory"),
        "p_adjusted": number("p corrected by Holm (primary) or Benjamini-Hochberg"),
        "verdict": text("supported, rejected, undetermined or not testable"),
        "rounds_needed": number(
            "about the rounds that would decide it at this noise; missing = none"
        ),
        "note": text("why"),
        "cells": count("cells of the test"),
        "left_out": count("outliers left out"),
    }
)
Tables = dict[tuple[str, str], pd.DataFrame]


def claims(
    cells: pd.DataFrame,
    confidence: float,
    imported: Collection[str] = (),
    repeats: pd.DataFrame | None = None,
    primary: Collection[str] = PRIMARY,
    rng: np.random.Generator | None = None,
) -> pd.DataFrame:
    """One row a claim (or part of one: `test`) and machine that has cells of the paper's networks;
    none without any.

    The time is that of a pass (pass_mean_s, seconds), the paper's; `repeats` (from `process_rows`)
    are the repeats of measured cells. p_adjusted is Holm's over the machine's `primary` tests and
    Benjamini-Hochberg's over its others (`primary_tests` says what names mean). Verdict: supported
    or rejected (p_adjusted below 1 - confidence), undetermined, not testable (the note says why).
    Rows that `outliers` flags are left out. For what is undetermined `rounds_needed` says, with
    `rng`, how many rounds would decide it. A machine of one's own without the claim's model has a
    row that is not testable; tables named in `imported` have not.
    """
    ours = [name for name, family in FAMILIES.items() if family.paper is not None]
    cells = cells[cells["model"].isin(ours)].reset_index(drop=True)
    flagged = outliers(cells, confidence)
    again = _tables(None if repeats is None else repeats[repeats["model"].isin(ours)])
    tables = _tables(cells.drop(index=flagged["row"]))
    table = _tested(tables, again, confidence, imported, primary)
    table["rounds_needed"] = np.nan
    for index, row in table[table["verdict"] == "undetermined"].iterrows():
        key = row["machine"], row["model"]
        if rng is not None and key in again:
            needed = _rounds_needed(row, tables[key], again[key], 1 - confidence, rng)
            table.loc[index, "rounds_needed"] = needed
    dropped = flagged.groupby(["machine", "model"]).size()
    keys = pd.MultiIndex.from_frame(table[["machine", "model"]])
    table["left_out"] = dropped.reindex(keys, fill_value=0).to_numpy()
    return table[CLAIM_ROWS.names]


def _tables(rows: pd.DataFrame | None) -> Tables:
    if rows is None:
        return {}
    return {(machine, model): table for machine, model, table in by_model(rows)}


def _tested(
    tables: Tables,
    repeats: Tables,
    confidence: float,
    imported: Collection[str],
    primary: Collection[str],
) -> pd.DataFrame:
    rows = []
    for machine in dict.fromkeys(machine for machine, _ in tables):
        made = pd.DataFrame(
            [
                _row(claim, machine, tables, repeats, 1 - confidence)
                for claim in CLAIMS
                if (machine, claim.model) in tables or machine not in imported
            ]
        )
        if made.empty:
            continue
        first = [name for name in primary_tests(primary) if name in set(made["test"])]
        rows.append(_judged(made, first, 1 - confidence))
    if not rows:
        return pd.DataFrame(columns=CLAIM_ROWS.names)
    return pd.concat(rows, ignore_index=True)


def _row(claim: Claim, machine: str, tables: Tables, repeats: Tables, alpha: float) -> dict:
    empty = dict.fromkeys(("effect", "effect_low", "effect_high", "p_value"), np.nan)
    names = ("claim", "test", "text", "model", "method", "effect_of")
    head = {name: getattr(claim, name) for name in names}
    head |= {"machine": machine, "found": "", "cells": 0}
    rows = tables.get((machine, claim.model))
    if rows is None:
        return head | empty | {"note": f"no cells of {claim.model}"}
    again = repeats.get((machine, claim.model))
    if again is not None:
        again = again[again["cell"].isin(rows["cell"])]
    found = claim.run(rows, alpha, again)
    return head | empty | {"cells": len(rows)} | found


def _rounds_needed(
    row: pd.Series,
    rows: pd.DataFrame,
    repeats: pd.DataFrame,
    alpha: float,
    rng: np.random.Generator,
) -> float:
    """For an undetermined row; the number of tests that its p is corrected for stays."""
    claim = next(claim for claim in CLAIMS if claim.test == row["test"])
    tests = row["p_adjusted"] / row["p_value"] if row["p_value"] > 0 else 1.0

    def decided(rows: pd.DataFrame, repeats: pd.DataFrame) -> bool:
        found = claim.run(rows, alpha, repeats)
        return tests * found.get("p_value", 1.0) < alpha and found["found"] != "undetermined"

    return rounds_needed(decided, rows, repeats[repeats["cell"].isin(rows["cell"])], rng)


def _judged(tests: pd.DataFrame, primary: Collection[str], alpha: float) -> pd.DataFrame:
    """The tests of a machine with family, p_adjusted and verdict; one without a p takes no part.

    Holm holds the chance of one false alarm among the primary tests, Benjamini-Hochberg the share
    of false alarms among what is found among the others.
    """
    first = tests["test"].isin(list(primary))
    p_adjusted = pd.Series(np.nan, tests.index)
    for rows, method in ((first, holm), (~first, false_discovery_control)):
        p_adjusted[rows] = corrected(tests.loc[rows, "p_value"].astype(float), method)
    verdict = tests["found"].where(p_adjusted < alpha, "undetermined")
    return tests.assign(
        family=np.where(first, "primary", "exploratory"),
        p_adjusted=p_adjusted,
        verdict=verdict.mask(p_adjusted.isna(), "not testable"),
    )
