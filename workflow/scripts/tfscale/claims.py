"""The paper's eight claims, each tested on every machine that has its model."""

from collections.abc import Callable, Collection
from dataclasses import dataclass

import numpy as np
import pandas as pd

from tfscale.claim_tests import Found, alike, driven_by, faster, no_difference, scatter
from tfscale.design import by_model
from tfscale.growth import logarithmic
from tfscale.many_tests import corrected
from tfscale.outliers import outliers, without
from tfscale.phrases import between, p_words

COLUMNS = (
    "claim", "part", "text", "machine", "model", "test", "effect_of", "effect", "effect_low",
    "effect_high", "p_value", "p_holm", "verdict", "note", "cells", "left_out",
)  # fmt: skip
MARGIN = 0.10


@dataclass(frozen=True)
class Claim:
    """One claim or a part of it: its model, its words, the test's name, what the effect is, and
    the test itself (rows of one model on one machine, alpha)."""

    claim: str
    part: str
    model: str
    text: str
    test: str
    effect_of: str
    run: Callable[[pd.DataFrame, float], Found]


def _scatter(claim: str, model: str, factor: str, word: str) -> list[Claim]:
    parts = {
        "in seconds": ("seconds", "levels"),
        "in per cent": ("log seconds", "levels"),
        "in per cent, repeated rows": ("log seconds", "replicates"),
    }
    return [
        Claim(
            claim,
            f"{word} {part}",
            model,
            f"the variance of {model}'s time grows with {word}",
            "Brown-Forsythe",
            "scatter at the highest level over that at the lowest",
            lambda rows, alpha, of=(factor, *how): scatter(rows, alpha, *of),
        )  # fmt: skip
        for part, how in parts.items()
    ]


def _no_difference(claim: str, model: str, factor: str, word: str) -> Claim:
    return Claim(
        claim, word, model, f"{word} makes no difference to {model}'s time",
        "TOST, paired t (Holm over slices)", "greatest ratio of matched times",
        lambda rows, alpha: no_difference(rows, alpha, factor, MARGIN),
    )  # fmt: skip


CLAIMS = (
    Claim("C1", "", "mnist", "mnist's time is driven by layers", "ANOVA, noncentral F",
          "share of the variance of ln time", lambda rows, a: driven_by(rows, a, "layers")),
    Claim("C2", "", "mnist", "mnist's time grows logarithmically with layers",
          "lack of fit F, Akaike weights", "miss of the log law in ln time",
          lambda rows, a: logarithmic(rows, a, "layers")),
    *_scatter("C3", "mnist", "layers", "layers"),
    _no_difference("C4", "mnist", "conv_size", "convolution size"),
    _no_difference("C4", "mnist", "batch_size", "batch size"),
    Claim("C5", "", "mnist", "convolution size 8 is a little faster than 5 in mnist",
          "paired t, Holm over layers", "time at 8 over that at 5",
          lambda rows, a: faster(rows, a, "conv_size", 5, 8)),
    Claim("C6", "", "text", "text's time is equally correlated with layers and convolution size",
          "contrast of cell means, HC3", "difference of the Pearson correlations",
          lambda rows, a: alike(rows, a, "layers", "conv_size")),
    *_scatter("C7", "text", "layers", "layers"),
    *_scatter("C7", "text", "conv_size", "convolution size"),
    _no_difference("C8", "text", "batch_size", "batch size"),
)  # fmt: skip
"""All claims in the paper's order."""


def claims(cells: pd.DataFrame, confidence: float, imported: Collection[str] = ()) -> pd.DataFrame:
    """One row a claim (or part of one) and machine that has cells of its model.

    The time is that of a pass (pass_mean_s), the paper's. p_holm is Holm's over all rows of the
    machine. Verdict: supported or rejected (p_holm below 1 - confidence), undetermined, not
    testable (the note says why). Rows that `outliers` flags are left out, and the note says what
    the verdict is with them, where it differs. A machine of one's own without the claim's model
    has a row that is not testable; tables named in `imported` have not.
    """
    flagged = outliers(cells, confidence, imported)
    table = _tested(without(cells, flagged), confidence, imported)
    dropped = flagged.groupby(["machine", "model"]).size()
    keys = pd.MultiIndex.from_frame(table[["machine", "model"]])
    table["left_out"] = (
        dropped.reindex(keys).fillna(0).astype(int).to_numpy() if len(dropped) else 0
    )
    if len(flagged):
        touched = cells[cells["machine"].isin(flagged["machine"])]
        whole = _tested(touched, confidence, imported)
        whole = whole.set_index(["claim", "part", "machine"])["verdict"]
        for index, row in table[table["left_out"] > 0].iterrows():
            other = whole[row["claim"], row["part"], row["machine"]]
            if other != row["verdict"]:
                more = f"with the {row['left_out']} outliers: {other}"
                table.loc[index, "note"] = f"{row['note']}; {more}"
    return table[list(COLUMNS)]


def claim_words(table: pd.DataFrame) -> list[str]:
    """A sentence for every row: the claim, its verdict, the effect with its interval."""
    sentences = []
    for row in table.to_dict("records"):
        what = f'{row["claim"]}, {row["machine"]}: "{row["text"]}"'
        part = f" ({row['part'].split(' in ')[-1]})" if " in " in row["part"] else ""
        if row["verdict"] == "not testable":
            sentences.append(f"{what}{part} is not testable: {row['note']}.")
            continue
        size = f"{row['effect']:.3g} {between(row['effect_low'], row['effect_high'])}"
        sentences.append(
            f"{what}{part}: {row['verdict']}. {row['effect_of'].capitalize()} {size}, "
            f"{p_words(row['p_holm'])} (Holm); {row['note']}."
        )
    return sentences


def _tested(cells: pd.DataFrame, confidence: float, imported: Collection[str]) -> pd.DataFrame:
    tables = {(machine, model): rows for machine, model, rows in by_model(cells)}
    rows = []
    for machine in dict.fromkeys(machine for machine, _ in tables):
        made = [_row(claim, machine, tables, 1 - confidence) for claim in CLAIMS
                if (machine, claim.model) in tables or machine not in imported]  # fmt: skip
        holm = corrected(pd.Series([row["p_value"] for row in made]))
        for row, p_holm in zip(made, holm, strict=True):
            found = row.pop("found")
            row["p_holm"] = p_holm
            row["verdict"] = "not testable"
            if np.isfinite(p_holm):
                row["verdict"] = found if _stands(row, p_holm, 1 - confidence) else "undetermined"
        rows += made
    return pd.DataFrame(rows, columns=[name for name in COLUMNS if name != "left_out"])


def _stands(row: dict, p_holm: float, alpha: float) -> bool:
    return p_holm < alpha


def _row(claim: Claim, machine: str, tables: dict, alpha: float) -> dict:
    empty = dict.fromkeys(("effect", "effect_low", "effect_high", "p_value"), np.nan)
    rows = tables.get((machine, claim.model))
    head = {name: getattr(claim, name) for name in ("claim", "part", "text", "model", "test")}
    head |= {"machine": machine, "effect_of": claim.effect_of, "found": "", "cells": 0}
    if rows is None:
        return head | empty | {"note": f"no cells of {claim.model}"}
    return head | empty | {"cells": len(rows)} | claim.run(rows, alpha)
