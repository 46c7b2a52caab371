"""The parts of the analysis in their order: each makes tables and says in words what they show."""

from collections.abc import Callable
from dataclasses import dataclass, field

import pandas as pd

from tfscale.analysis.anova import anova
from tfscale.analysis.anova_words import anova_words
from tfscale.analysis.claim_words import claim_words
from tfscale.analysis.claims import claims
from tfscale.analysis.correlations import correlations
from tfscale.analysis.drift import drift
from tfscale.analysis.elasticities import elasticities
from tfscale.analysis.elasticity_words import elasticity_sentences
from tfscale.analysis.equivalence import equivalence
from tfscale.analysis.equivalence_words import equivalence_words
from tfscale.analysis.exploratory import exploratory
from tfscale.analysis.held_out import held_out_tables
from tfscale.analysis.held_out_words import held_out_words
from tfscale.analysis.law_words import law_sentences, paper_sentences
from tfscale.analysis.laws import fit_laws
from tfscale.analysis.machine_words import machine_words
from tfscale.analysis.machines import compare_machines
from tfscale.analysis.many_tests_words import many_tests_words
from tfscale.analysis.material import Material
from tfscale.analysis.order import run_order
from tfscale.analysis.order_words import order_words
from tfscale.analysis.outlier_words import outlier_words
from tfscale.analysis.predicted import coverage_table, predict_cells
from tfscale.analysis.prediction_words import budget_words, prediction_words
from tfscale.analysis.repeats import run_rows
from tfscale.analysis.saturation import saturation
from tfscale.analysis.saturation_words import saturation_words
from tfscale.analysis.spread import spread
from tfscale.analysis.spread_words import spread_words
from tfscale.analysis.threshold_profiles import threshold_profiles
from tfscale.analysis.threshold_words import threshold_sentences
from tfscale.analysis.thresholds import thresholds
from tfscale.analysis.time_shares import labels, operation_shares
from tfscale.analysis.within_budget import within_budget
from tfscale.analysis.work_tables import fit_groups, rates
from tfscale.analysis.work_words import label_words, rate_words

Tables = dict[str, pd.DataFrame]


@dataclass(frozen=True)
class Part:
    """Tables by the names of `fit_tables`, and sentences by topic."""

    tables: Tables
    sentences: dict[str, list[str]] = field(default_factory=dict)


def laws(own: Material, made: Tables) -> Part:
    """The law of each factor, its local elasticities, and the paper's correlations."""
    plan = own.plan
    pooled = fit_laws(own.both, plan.confidence, own.both_visits, plan.rng(), tables=plan.bootstrap)
    alone = fit_laws(
        own.both, plan.confidence, own.both_visits, plan.rng(), alone=True, tables=plan.bootstrap
    )
    local = elasticities(own.both, plan.confidence, own.both_visits)
    said = law_sentences(pooled) + paper_sentences(pooled) + elasticity_sentences(local)
    return Part(
        {"laws": pooled, "slice_laws": alone, "elasticities": local}
        | {"correlations": correlations(own.both)},
        {"Laws": said},
    )


def work(own: Material, made: Tables) -> Part:
    """The work model: rates, time shares, what holds a cell up, saturation."""
    confidence = own.plan.confidence
    fitted = fit_groups(own.both, own.both_visits, own.plan.rng())
    costs, shares = rates(fitted, confidence), operation_shares(fitted, confidence)
    regimes, full = labels(fitted), saturation(fitted, confidence)
    said = rate_words(shares, costs, confidence, own.roofs)
    said += label_words(regimes) + saturation_words(full, confidence)
    tables = {"work_model": costs, "time_shares": shares, "regimes": regimes, "saturation": full}
    return Part(tables, {"Regimes": said})


def breaks(own: Material, made: Tables) -> Part:
    """Where growth changes."""
    table = thresholds(own.cells, own.visits, own.plan.confidence, own.plan.rng())
    tables = {
        "thresholds": table,
        "threshold_profiles": threshold_profiles(own.cells, own.visits),
    }
    return Part(tables, {"Thresholds": threshold_sentences(table)})


def attribution(own: Material, made: Tables) -> Part:
    """Shares of the variance, differences that there are not, spread, outliers."""
    confidence = own.plan.confidence
    shares = anova(own.cells, confidence)
    same = equivalence(own.cells, confidence)
    scatter = spread(own.cells, confidence, own.repeats)
    count = own.cells.groupby(["machine", "model"]).ngroups
    return Part(
        {"anova": shares, "equivalence": same, "spread": scatter, "outliers": own.outliers},
        {
            "Attribution": anova_words(shares),
            "No difference": equivalence_words(same),
            "Spread": spread_words(scatter),
            "Outliers": outlier_words(own.outliers, count),
        },
    )


def prediction(own: Material, made: Tables) -> Part:
    """Errors on what was left out, cells that were not run, the budget."""
    plan = own.plan
    errors, left_out = held_out_tables(own.both, own.both_visits)
    cover = coverage_table(own.both)
    asked = predict_cells(own.cells, plan.predict or [])
    said = held_out_words(errors) + prediction_words(asked, cover)
    tables = {"held_out": errors, "held_out_cells": left_out, "coverage": cover}
    tables["predictions"] = asked
    tables["budget"] = within_budget(own.cells.iloc[:0], None, 1.0)
    if plan.latency_ms is not None:
        tables["budget"] = within_budget(own.cells, asked, plan.latency_ms)
        said += budget_words(tables["budget"])
    return Part(tables, {"Predicted times": said})


def order(own: Material, made: Tables) -> Part:
    """Drift by the clock, and by the order of rows where there is no clock."""
    imported = own.cells[own.cells["machine"].isin(own.imported)]
    runs = pd.concat([run_rows(own.visits, own.own), imported], ignore_index=True)
    table = run_order(runs, own.plan.confidence, own.plan.rng())
    tables = {"drift": drift(own.visits, own.plan.confidence), "run_order": table}
    return Part(tables, {"Order": order_words(table)})


def machines(own: Material, made: Tables) -> Part:
    """Machine against machine."""
    table = compare_machines(own.cells, own.plan.confidence)
    return Part({"machines": table}, {"Machines": machine_words(table)})


def verdicts(own: Material, made: Tables) -> Part:
    """The paper's claims, and the tests that nobody had announced."""
    plan = own.plan
    table = claims(own.cells, plan.confidence, own.imported, own.repeats, plan.primary)
    tested = ("anova", "spread", "equivalence", "machines", "drift")
    others = {name: made[name] for name in tested} | {"order": made["run_order"]}
    rest = exploratory(others, plan.confidence)
    return Part(
        {"claims": table, "exploratory": rest},
        {"The paper's claims": claim_words(table), "Many tests": many_tests_words(rest)},
    )


PARTS: tuple[Callable[[Material, Tables], Part], ...] = (
    laws, work, breaks, attribution, prediction, order, machines, verdicts,
)  # fmt: skip
"""Each is given the material and the tables of the parts before it."""
