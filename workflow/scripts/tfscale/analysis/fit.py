"""The parts in their order, the findings, writing."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import cast

import numpy as np
import pandas as pd

from tfscale.analysis.claims import CLAIM_ROWS, claim_words, claims
from tfscale.analysis.drift import DRIFT, RUN_ORDER, drift, order_words, run_order
from tfscale.analysis.effects import (
    ANOVA,
    ELASTICITIES,
    EQUIVALENCE,
    anova,
    anova_words,
    elasticities,
    elasticity_sentences,
    equivalence,
    equivalence_words,
)
from tfscale.analysis.held_out import HELD_OUT, HELD_OUT_CELLS, held_out_tables, held_out_words
from tfscale.analysis.laws import (
    LAWS,
    best_law,
    effect_words,
    fit_laws,
    law_sentences,
)
from tfscale.analysis.machines import MACHINES, compare_machines, machine_words
from tfscale.analysis.material import Material, Plan, Tables, check_imports, gather, imported
from tfscale.analysis.predictions import (
    BUDGET,
    COVERAGE,
    PREDICTIONS,
    budget_words,
    coverage_table,
    predict_cells,
    prediction_words,
    within_budget,
)
from tfscale.analysis.scatter import OUTLIERS, SPREAD, outlier_words, spread, spread_words
from tfscale.analysis.slices import CORRELATIONS, comparisons, correlations, split
from tfscale.analysis.thresholds import (
    THRESHOLD_PROFILES,
    THRESHOLDS,
    threshold_profiles,
    threshold_sentences,
    thresholds,
)
from tfscale.analysis.words import level
from tfscale.analysis.work_model import WORK_MODEL, fit_groups, label_words, rate_words, rates
from tfscale.analysis.work_shares import (
    REGIMES,
    SATURATION,
    TIME_SHARES,
    labels,
    operation_shares,
    saturation,
    saturation_words,
)
from tfscale.axes import AXES, SHAPES
from tfscale.files.columns import described, text, typed
from tfscale.files.parquet import write_csv, write_parquet
from tfscale.files.whole import write_text
from tfscale.study.outputs import TABLES, TOP
from tfscale.tables.latency import read_processes
from tfscale.units import seconds, three
from tfscale.words import WARNING, axis_name, spanned, value_words

FITS = {
    "laws": LAWS,
    "slice_laws": LAWS,
    "elasticities": ELASTICITIES,
    "correlations": CORRELATIONS,
    "thresholds": THRESHOLDS,
    "threshold_profiles": THRESHOLD_PROFILES,
    "work_model": WORK_MODEL,
    "time_shares": TIME_SHARES,
    "regimes": REGIMES,
    "saturation": SATURATION,
    "held_out": HELD_OUT,
    "held_out_cells": HELD_OUT_CELLS,
    "coverage": COVERAGE,
    "predictions": PREDICTIONS,
    "budget": BUDGET,
    "anova": ANOVA,
    "equivalence": EQUIVALENCE,
    "spread": SPREAD,
    "outliers": OUTLIERS,
    "drift": DRIFT,
    "run_order": RUN_ORDER,
    "machines": MACHINES,
    "claims": CLAIM_ROWS,
}
"""The columns of the fitted tables, by the names of `outputs.TABLES`."""
FINDINGS = described(
    {
        "topic": text("topic of the finding"),
        "sentence": text("the finding, the most interesting first"),
    }
)


@dataclass(frozen=True)
class Part:
    """Tables by the names of `outputs.TABLES`, and sentences by topic."""

    tables: dict[str, pd.DataFrame]
    sentences: dict[str, list[str]] = field(default_factory=dict)


def laws(own: Material) -> Part:
    """The law of each factor, its local elasticities, and the paper's correlations."""
    cells, levelled, plan = own.cells, own.levelled, own.plan
    pooled = fit_laws(cells, plan.confidence, levelled, plan.rng(), tables=plan.bootstrap)
    alone = fit_laws(
        cells, plan.confidence, levelled, plan.rng(), alone=True, tables=plan.bootstrap
    )
    local = elasticities(cells, plan.confidence, levelled)
    sentences = law_sentences(pooled) + elasticity_sentences(local)
    tables = {"laws": pooled, "slice_laws": alone, "elasticities": local}
    return Part(tables | {"correlations": correlations(cells)}, {"Laws": sentences})


def work(own: Material) -> Part:
    """The work model: rates, time shares, what holds a cell up, saturation."""
    confidence = own.plan.confidence
    fitted = fit_groups(own.cells, own.plan.rng())
    costs, shares = rates(fitted, confidence), operation_shares(fitted, confidence)
    regimes, full = labels(fitted), saturation(fitted, confidence)
    sentences = rate_words(shares, confidence, own.roofs)
    sentences += label_words(regimes) + saturation_words(full, confidence)
    tables = {"work_model": costs, "time_shares": shares, "regimes": regimes, "saturation": full}
    return Part(tables, {"Bounds": sentences})


def breaks(own: Material) -> Part:
    """Where growth changes."""
    table = thresholds(own.cells, own.levelled, own.plan.confidence, own.plan.rng())
    profiles = threshold_profiles(own.cells, own.levelled)
    tables = {"thresholds": table, "threshold_profiles": profiles}
    return Part(tables, {"Thresholds": threshold_sentences(table)})


def attribution(own: Material) -> Part:
    """Shares of the variance, differences that there are not, spread, outliers."""
    confidence = own.plan.confidence
    shares = anova(own.cells, confidence)
    same = equivalence(own.runs, confidence)
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


def prediction(own: Material) -> Part:
    """Errors on what was left out, cells that were not run, the budget."""
    plan = own.plan
    errors, left_out = held_out_tables(own.cells, own.processes)
    cover = coverage_table(own.cells)
    asked = predict_cells(own.cells, plan.predict or [], own.work)
    within = within_budget(own.cells, asked, plan.latency_ms)
    tables = {"held_out": errors, "held_out_cells": left_out, "coverage": cover}
    sentences = held_out_words(errors) + prediction_words(asked, cover) + budget_words(within)
    return Part(tables | {"predictions": asked, "budget": within}, {"Predicted times": sentences})


def order(own: Material) -> Part:
    """Drift by the clock, and by the order of rows where there is no clock."""
    table = run_order(own.runs, own.plan.confidence, own.plan.rng())
    tables = {"drift": drift(own.processes, own.plan.confidence), "run_order": table}
    return Part(tables, {"Order": order_words(table)})


def machines(own: Material) -> Part:
    """Machine against machine."""
    table = compare_machines(own.cells, own.plan.confidence)
    return Part({"machines": table}, {"Machines": machine_words(table)})


def verdicts(own: Material) -> Part:
    """The paper's claims."""
    plan = own.plan
    table = claims(own.cells, plan.confidence, own.imported, own.repeats, plan.primary)
    return Part({"claims": table}, {"The paper's claims": claim_words(table)})


PARTS: tuple[Callable[[Material], Part], ...] = (
    laws,
    work,
    breaks,
    attribution,
    prediction,
    order,
    machines,
    verdicts,
)


RISES = {
    "log": "rises with the logarithm of",
    "linear": "rises linearly with",
    "power": "rises as a power of",
    "constant": "does not change by 10 % along",
}


def findings(
    cells: pd.DataFrame, runs: pd.DataFrame, laws: pd.DataFrame, sentences: dict[str, list[str]]
) -> pd.DataFrame:
    """One row a sentence: topic, sentence. First what drives the time of each model, batching and
    the extremes, then what the parts of the analysis say, by topic."""
    here = cells["machine"].unique()
    drivers = _drivers(laws[laws["machine"].isin(here)])
    compared = _categories(runs[runs["machine"].isin(here)])
    by_topic = {TOP: [*drivers, *_batching(cells), *_extremes(cells), *compared]} | sentences
    rows = [(topic, sentence) for topic, own in by_topic.items() for sentence in own]
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
        name, verdict = axis_name(row["factor"]), str(row["verdict"])
        law = f"the time {RISES[verdict]} {name}" if verdict in RISES else f"its law: {verdict}"
        effect = effect_words(group[group["factor"] == row["factor"]], row, name)
        sentences.append(f"{model}{several}: {effect}; {law}.")
    return sentences


def _categories(runs: pd.DataFrame) -> list[str]:
    """What each value without an order (a precision, XLA, a path) costs against the usual one."""

    def words(axis: str, value: str | bool | float) -> str:
        if axis in SHAPES:
            return f"{axis_name(axis)} {level(value)}"
        return value_words(axis, cast(str | bool, value))

    return [
        f"{found.model}: {words(found.axis, found.value)} takes {three(found.ratio)} times "
        f"as long as {words(found.axis, found.base)} in matched cells "
        f"{spanned(found.pairs, found.low, found.high)}."
        for found in comparisons(runs)
    ]


def _batching(cells: pd.DataFrame) -> list[str]:
    """What the best batch size gains in throughput over the smallest one, in matched cells."""
    sentences = []
    for (model,), table in split(cells.sort_values("batch_size"), ["model"]):
        least = table["batch_size"].iloc[0]
        others = [axis for axis in AXES if axis != "batch_size" and axis in table]
        alike = table.groupby(["machine", *others])
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
    cells_path: str,
    runs_path: str,
    roofs_path: str,
    work: Sequence[str],
    imports: list[dict],
    coverage: float,
    plan: dict,
    folder: str,
    progress: Callable[[str], object] = print,
) -> pd.DataFrame:
    """Write every table of `outputs.TABLES` (Parquet, and CSV for people) and the findings; returns
    those. `work` are the files, named after architectures, that hold the work of cells to predict
    and of the paper's tables; `plan` holds the fields of `Plan`; `progress` is told of each part
    that is done. Raises StudyError on input that cannot be analysed."""
    for line in check_imports(imports):
        progress(f"{WARNING}{line}")
    own = Tables(pd.read_parquet(cells_path), read_processes(runs_path))
    roofs = pd.read_parquet(roofs_path)
    by_name = {Path(path).stem: json.loads(Path(path).read_text()) for path in work}
    others = imported(imports, coverage, by_name)
    material = gather(own, others, roofs, Plan(**plan), by_name)
    tables: dict[str, pd.DataFrame] = {}
    by_topic: dict[str, list[str]] = {}
    for number, part in enumerate(PARTS, start=1):
        start = monotonic()
        made = part(material)
        tables |= made.tables
        by_topic |= made.sentences
        progress(f"fit {number} of {len(PARTS)}: {part.__name__}, {monotonic() - start:.1f} s")
    for name in TABLES:
        write_parquet(Path(folder, f"{name}.parquet"), typed(name, tables[name], FITS[name]))
        write_csv(Path(folder, f"{name}.csv"), tables[name])
    sentences = findings(material.own, material.runs, tables["laws"], by_topic)
    write_parquet(Path(folder, "findings.parquet"), typed("findings", sentences, FINDINGS))
    write_text(Path(folder, "findings.txt"), "\n".join(sentences["sentence"]) + "\n")
    return sentences
