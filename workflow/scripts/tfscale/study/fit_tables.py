"""The tables of `results/fits`: name, title, and what a row of each is."""

TOP = "In short"
"""The topic of the findings that come first."""

TABLES: dict[str, tuple[str, str]] = {
    "laws": ("Laws", "a machine, model, factor and law, all slices pooled"),
    "slice_laws": ("Laws of single slices", "a slice of at least five levels and law"),
    "elasticities": (
        "Local elasticities",
        "two neighbouring levels of a factor, pooled and a slice",
    ),
    "correlations": ("Correlations", "a machine, model and factor"),
    "anova": ("Analysis of variance", "a machine, model and term of ln time"),
    "work_model": ("Work model", "a machine, model, setting and cost of the work model"),
    "time_shares": ("Where the time goes", "a machine, model, setting and kind of operation"),
    "regimes": ("Regimes", "a cell: what holds it up"),
    "saturation": ("Saturation", "an architecture: overhead, n_half and B90"),
    "thresholds": ("Thresholds", "a slice in which a factor varies"),
    "threshold_profiles": ("Threshold profiles", "a place in a sweep of at least six levels"),
    "spread": ("Spread", "a machine, model, factor and scale"),
    "outliers": ("Outliers", "a flagged cell, with the command that times it again"),
    "equivalence": ("Equivalence", "two levels of a factor in a stratum of matched cells"),
    "held_out": ("Held-out errors", "a machine, model, setting, kind of fold and predictor"),
    "held_out_cells": ("Cells left out", "a cell, left out with its architecture or top level"),
    "coverage": ("Coverage of predictions", "a machine, model and setting"),
    "predictions": ("Predictions", "a machine and cell of `predict`"),
    "budget": ("Budget", "a machine, model, source and measure of size"),
    "drift": ("Drift", "a machine and term of the drift over the study"),
    "run_order": ("Run order", "a machine and model"),
    "machines": ("Machines", "a model, pair of machines and quantity"),
    "claims": ("The paper's claims", "a claim (or part of it) and machine"),
    "exploratory": ("Exploratory tests", "a test outside of the primary ones"),
}
"""All are written for every study; a table that a study says nothing of has no row."""
