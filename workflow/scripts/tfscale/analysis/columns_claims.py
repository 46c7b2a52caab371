"""The columns of the paper's claims and of the tests beside them: type and what each holds."""

from tfscale.analysis.columns_tests import OWN
from tfscale.files.described import bounded, count, described, number, text

CLAIMS = described(
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
        "note": text("why, or what would be said with the outliers"),
        "cells": count("cells of the test"),
        "left_out": count("outliers left out"),
    }
)

EXPLORATORY = described(
    {
        **OWN,
        "test": text("name of the test"),
        "p_value": number("p of the test"),
        "family": text("exploratory"),
        "method": text("correction: fdr_bh (Benjamini-Hochberg)"),
        "tests": count("tests that are corrected together"),
        "p_adjusted": number("corrected p"),
        "verdict": text("found, undetermined or not testable"),
    }
)

CLAIM_TABLES = {"claims": CLAIMS, "exploratory": EXPLORATORY}
"""By the names of `fit_tables`."""
