"""The paper's eight claims: the test of each, and its name in `analysis.primary`."""

from collections.abc import Callable, Collection
from dataclasses import dataclass

import pandas as pd

from tfscale.analysis.claim_pairs import faster, no_difference
from tfscale.analysis.claim_tests import Found, alike, driven_by, scatter
from tfscale.analysis.growth import logarithmic
from tfscale.errors import StudyError

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
