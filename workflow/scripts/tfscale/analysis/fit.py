"""The parts in their order, the findings, writing."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

import numpy as np
import pandas as pd

from tfscale.analysis.claims import claim_words, claims, exploratory, many_tests_words
from tfscale.analysis.drift import drift, order_words, run_order
from tfscale.analysis.effects import (
    anova,
    anova_words,
    elasticities,
    elasticity_sentences,
    equivalence,
    equivalence_words,
)
from tfscale.analysis.held_out import held_out_tables, held_out_words
from tfscale.analysis.laws import best_law, effect_words, fit_laws, law_sentences, paper_sentences
from tfscale.analysis.machines import compare_machines, machine_words
from tfscale.analysis.material import Material, Plan, check_imports, gather
from tfscale.analysis.predictions import (
    budget_words,
    coverage_table,
    predict_cells,
    prediction_words,
    within_budget,
)
from tfscale.analysis.scatter import outlier_words, spread, spread_words
from tfscale.analysis.schemas import FINDINGS, FITS
from tfscale.analysis.slices import comparisons, correlations
from tfscale.analysis.statistics import run_rows
from tfscale.analysis.thresholds import threshold_profiles, threshold_sentences, thresholds
from tfscale.analysis.work_model import fit_groups, label_words, rate_words, rates
from tfscale.analysis.work_shares import labels, operation_shares, saturation, saturation_words
from tfscale.axes import AXES
from tfscale.files.columns import typed
from tfscale.files.parquet import write_csv, write_parquet
from tfscale.files.whole import write_text
from tfscale.study.outputs import TABLES, TOP
from tfscale.tables.latency import read_processes
from tfscale.units import seconds, three
from tfscale.words import AXIS_WORDS, WARNING, spanned, value_words

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


RISES = {
    "log": "rises with the logarithm of", "linear": "rises linearly with",
    "power": "rises as a power of", "constant": "does not change by 10 % along",
}  # fmt: skip


def findings(cells: pd.DataFrame, laws: pd.DataFrame, said: dict[str, list[str]]) -> pd.DataFrame:
    """One row a sentence: topic, sentence. First what drives the time of each model, batching and
    the extremes, then what the parts of the analysis said, by topic."""
    own = laws[laws["machine"].isin(cells["machine"])]
    top = [*_drivers(own), *_batching(cells), *_extremes(cells), *_categories(cells)]
    rows = [{"topic": TOP, "sentence": sentence} for sentence in top]
    rows += [
        {"topic": topic, "sentence": sentence}
        for topic, sentences in said.items()
        for sentence in sentences
    ]
    return pd.DataFrame(rows, columns=["topic", "sentence"])


def _drivers(laws: pd.DataFrame) -> list[str]:
    """For each model the factor with the largest effect, its size and its law."""
    sentences = []
    for (machine, model), group in laws.groupby(["machine", "model"], sort=False):
        best = [best_law(rows) for _, rows in group.groupby("factor", sort=False)]
        sized = [row for row in best if np.isfinite(row["ratio"])]
        if not sized:
            continue
        row = max(sized, key=lambda row: abs(np.log(row["ratio"])))
        several = f" on {machine}" if laws["machine"].nunique() > 1 else ""
        name, verdict = AXIS_WORDS[row["factor"]].name, str(row["verdict"])
        law = f"the time {RISES[verdict]} {name}" if verdict in RISES else f"its law: {verdict}"
        effect = effect_words(group[group["factor"] == row["factor"]], row, name)
        sentences.append(f"{model}{several}: {effect}; {law}.")
    return sentences


def _categories(cells: pd.DataFrame) -> list[str]:
    """What each value without an order (a precision, XLA, a path) costs against the usual one."""
    return [
        f"{found.model}: {value_words(found.axis, found.value)} takes {three(found.ratio)} times "
        f"as long as {value_words(found.axis, found.base)} in matched cells "
        f"{spanned(found.pairs, found.low, found.high)}."
        for found in comparisons(cells)
    ]


def _batching(cells: pd.DataFrame) -> list[str]:
    """What the best batch size gains in throughput over the smallest one, in matched cells."""
    sentences = []
    others = ["machine", *(axis for axis in AXES if axis != "batch_size")]
    for model, table in cells.sort_values("batch_size").groupby("model", sort=False):
        least = table["batch_size"].iloc[0]
        alike = table.groupby(others, dropna=False)
        gain = table["throughput_per_s"] / alike["throughput_per_s"].transform("first")
        gain = gain[alike["batch_size"].transform("first") == least]
        by_batch = gain.groupby(table["batch_size"])
        best = by_batch.median().idxmax()
        if by_batch.ngroups < 2:
            continue
        if best == least:
            sentences.append(f"{model}: no batch size has a higher throughput than {least}.")
            continue
        median, low, high = (by_batch.agg(how)[best] for how in ("median", "min", "max"))
        sentences.append(
            f"{model}: batch size {best} has the highest throughput, {three(median)} times that of "
            f"batch size {least} {spanned(by_batch.size()[best], low, high)}."
        )
    return sentences


def _extremes(cells: pd.DataFrame) -> list[str]:
    ordered = cells.sort_values("latency_s")
    fast, slow = ordered.iloc[0], ordered.iloc[-1]
    if len(ordered) < 2:
        return []
    return [
        f"The slowest cell, {slow['cell']}, takes {seconds(slow['latency_s'])} a call, "
        f"{three(slow['latency_s'] / fast['latency_s'])} times the fastest, {fast['cell']} "
        f"({seconds(fast['latency_s'])})."
    ]


def fit(
    cells_path: str, runs_path: str, roofs_path: str, imports: list[dict], coverage: float,
    plan: Plan, folder: str, progress: Callable[[str], object] = print,
) -> pd.DataFrame:  # fmt: skip
    """Write every table of `fit_tables` (Parquet, and CSV for people) and the findings; returns
    those. `progress` is told of each part that is done. Raises StudyError on input that cannot be
    analysed."""
    for line in check_imports(imports):
        progress(f"{WARNING}{line}")
    material = gather(
        pd.read_parquet(cells_path), read_processes(runs_path), pd.read_parquet(roofs_path),
        imports, coverage, plan,
    )  # fmt: skip
    tables: dict[str, pd.DataFrame] = {}
    said: dict[str, list[str]] = {}
    for number, part in enumerate(PARTS, start=1):
        start = monotonic()
        made = part(material, tables)
        tables |= made.tables
        said |= made.sentences
        progress(f"fit {number} of {len(PARTS)}: {part.__name__}, {monotonic() - start:.1f} s")
    for name in TABLES:
        write_parquet(Path(folder, f"{name}.parquet"), typed(name, tables[name], FITS[name]))
        write_csv(Path(folder, f"{name}.csv"), tables[name])
    sentences = findings(material.own, tables["laws"], said)
    write_parquet(Path(folder, "findings.parquet"), typed("findings", sentences, FINDINGS))
    write_text(Path(folder, "findings.txt"), "\n".join(sentences["sentence"]) + "\n")
    return sentences


def fit_study(
    cells_path: str, runs_path: str, roofs_path: str, imports: list[dict], coverage: float,
    plan: dict, folder: str,
) -> None:  # fmt: skip
    """Fit as the rule asks for it: with the plan as the configuration has it."""
    fit(cells_path, runs_path, roofs_path, imports, coverage, Plan(**plan), folder)
