"""The parts in their order, the findings, writing."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

import pandas as pd

from tfscale.analysis.advice import COST, NEXT, costs, next_cells
from tfscale.analysis.answers import ANSWER, DETAIL, TRUST, answers, trust
from tfscale.analysis.border import BORDERS, borders
from tfscale.analysis.claims import CLAIM_ROWS, claims
from tfscale.analysis.comparison import COMPARISONS, MEANS, compare, comparison_words
from tfscale.analysis.drift import DRIFT, RUN_ORDER, drift, run_order
from tfscale.analysis.drivers import DRIVERS, drivers
from tfscale.analysis.effects import (
    ANOVA,
    ELASTICITIES,
    EQUIVALENCE,
    anova,
    elasticities,
    equivalence,
)
from tfscale.analysis.held_out import HELD_OUT, HELD_OUT_CELLS, held_out_tables, held_out_words
from tfscale.analysis.laws import LAWS, fit_laws, law_sentences
from tfscale.analysis.machines import MACHINES, compare_machines, machine_words
from tfscale.analysis.material import (
    Material,
    Plan,
    Tables,
    cells_of,
    check_imports,
    gather,
    imported,
    work_of,
)
from tfscale.analysis.predictions import (
    BUDGET,
    COVERAGE,
    PREDICTIONS,
    coverage_table,
    predict_cells,
    with_sampled,
    within_budget,
)
from tfscale.analysis.scatter import OUTLIERS, SPREAD, spread
from tfscale.analysis.thresholds import (
    THRESHOLD_PROFILES,
    THRESHOLDS,
    threshold_profiles,
    threshold_sentences,
    thresholds,
)
from tfscale.analysis.work_model import WORK_MODEL, fit_groups, label_words, rate_words, rates
from tfscale.analysis.work_shares import (
    REGIMES,
    SATURATION,
    TIME_SHARES,
    labels,
    operation_shares,
    saturation,
)
from tfscale.files.columns import Described, text, typed
from tfscale.files.parquet import write_csv, write_parquet
from tfscale.files.whole import noted, write_text
from tfscale.study.outputs import TABLES
from tfscale.tables.latency import REFUSED, read_processes
from tfscale.words import WARNING

FITS = {
    "borders": BORDERS,
    "drivers": DRIVERS,
    "comparison_means": MEANS,
    "comparisons": COMPARISONS,
    "laws": LAWS,
    "slice_laws": LAWS,
    "elasticities": ELASTICITIES,
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
    "next": NEXT,
    "cost": COST,
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
FINDINGS = Described(
    {
        "topic": text("answer, trust, cannot say, or detail"),
        "model": text("the family that it is about"),
        "evidence": text("the fitted table that it stands on"),
        "sentence": text("the finding"),
    }
)


Details = dict[str, list[str]]
"""Sentences by the table that they stand on."""


@dataclass(frozen=True)
class Part:
    """Tables by the names of `outputs.TABLES`, and what they say."""

    tables: dict[str, pd.DataFrame]
    sentences: Details = field(default_factory=dict)


def laws(own: Material) -> Part:
    """The law of each factor, and its local elasticities."""
    cells, levelled, plan = own.cells, own.levelled, own.plan
    pooled = fit_laws(cells, plan.confidence, levelled, plan.rng(), tables=plan.bootstrap)
    alone = fit_laws(
        cells, plan.confidence, levelled, plan.rng(), alone=True, tables=plan.bootstrap
    )
    local = elasticities(cells, plan.confidence, levelled)
    tables = {"laws": pooled, "slice_laws": alone, "elasticities": local}
    return Part(tables, {"laws": law_sentences(pooled)})


def work(own: Material) -> Part:
    """The work model: border, rates, time shares, what holds a cell up, cells that were not run and
    which of them to run next; with those of a sample what drives the time, and where a larger
    batch stops paying."""
    plan, confidence = own.plan, own.plan.confidence
    fitted = fit_groups(own.cells, own.plan.rng())
    costs, shares = rates(fitted, confidence), operation_shares(fitted, confidence)
    regimes = labels(fitted)
    wanted = {"predict": plan.asked, "sample": plan.left_out, "check": cells_of(own.checks)}
    run = pd.concat([own.cells, own.checks], ignore_index=True)
    found = predict_cells(own.cells, wanted, own.work, run)
    # a sample is of this study's own machines
    predictions = found[(found["why"] == "predict") | ~found["machine"].isin(own.imported)]
    cells = with_sampled(run, predictions)
    here = [one for one in fitted if one.group["machine"] not in own.imported]
    tables = {
        "drivers": drivers(cells),
        "borders": borders(fitted, confidence),
        "work_model": costs,
        "time_shares": shares,
        "regimes": regimes,
        "saturation": saturation(fitted, cells, confidence),
        "predictions": predictions,
        "budget": within_budget(run, predictions[predictions["why"] != "check"], plan.latency_ms),
        "next": next_cells(here, plan.left_out, own.work),
    }
    said = {
        "time_shares": rate_words(shares, confidence, own.roofs),
        "regimes": label_words(regimes),
    }
    return Part(tables, said)


def comparison(own: Material) -> Part:
    """Runtimes, environments, precisions and other values without an order."""
    cells, means = compare(own.runs, own.plan.confidence)
    said = {"comparison_means": comparison_words(cells, means)}
    return Part({"comparison_means": means, "comparisons": cells[COMPARISONS.names]}, said)


def breaks(own: Material) -> Part:
    """Where growth changes."""
    table = thresholds(own.cells, own.levelled, own.plan.confidence, own.plan.rng())
    profiles = threshold_profiles(own.cells, own.levelled)
    tables = {"thresholds": table, "threshold_profiles": profiles}
    return Part(tables, {"thresholds": threshold_sentences(table)})


def attribution(own: Material) -> Part:
    """Shares of the variance, differences that there are not, spread, outliers."""
    confidence = own.plan.confidence
    shares = anova(own.cells, confidence)
    same = equivalence(own.runs, confidence)
    scatter = spread(own.cells, confidence, own.repeats)
    tables = {"anova": shares, "equivalence": same, "spread": scatter, "outliers": own.outliers}
    return Part(tables)


def prediction(own: Material) -> Part:
    """Errors on what was left out, and what an example costs."""
    plan = own.plan
    errors, left_out = held_out_tables(own.cells, own.processes)
    cover = coverage_table(own.cells)
    prices = costs(own.timed, plan.latency_ms, plan.price_per_hour)
    tables = {"held_out": errors, "held_out_cells": left_out, "coverage": cover}
    tables |= {"cost": prices}
    return Part(tables, {"held_out": held_out_words(errors)})


def order(own: Material) -> Part:
    """Drift by the clock, and by the order of rows where there is no clock."""
    table = run_order(own.runs, own.plan.confidence, own.plan.rng())
    tables = {"drift": drift(own.processes, own.plan.confidence), "run_order": table}
    return Part(tables)


def machines(own: Material) -> Part:
    """Machine against machine."""
    table = compare_machines(own.cells, own.plan.confidence)
    return Part({"machines": table}, {"machines": machine_words(table)})


def verdicts(own: Material) -> Part:
    """The paper's claims."""
    plan = own.plan
    table = claims(own.cells, plan.confidence, own.imported, own.repeats, plan.primary, plan.rng())
    return Part({"claims": table})


PARTS: tuple[Callable[[Material], Part], ...] = (
    laws,
    work,
    comparison,
    breaks,
    attribution,
    prediction,
    order,
    machines,
    verdicts,
)


def findings(
    own: Material,
    tables: dict[str, pd.DataFrame],
    details: Details,
    refused: dict[str, str],
) -> pd.DataFrame:
    """One row a sentence: the answers about each family, the line of trust, then what the parts of
    the analysis say, by the table that it stands on."""
    rows = list(answers(own.timed, tables, own.plan, refused))
    here = own.own["machine"].unique()
    seen = own.processes[own.processes["machine"].isin(here)]
    drifted = tables["drift"][tables["drift"]["machine"].isin(here)]
    line = trust(own.own, seen, drifted)
    rows.append({"topic": TRUST, "model": "", "evidence": "drift", "sentence": line})
    rows += [
        {"topic": DETAIL, "model": "", "evidence": table, "sentence": sentence}
        for table, sentences in details.items()
        for sentence in sentences
    ]
    return pd.DataFrame(rows, columns=FINDINGS.names)


def in_short(findings: pd.DataFrame) -> str:
    """The answers and the line of trust, a line each; behind a blank one the details."""
    answer = findings[findings["topic"] == ANSWER]
    first = [f"{row.model}: {row.sentence}" for row in answer.itertuples()]
    first += findings.loc[findings["topic"] == TRUST, "sentence"].tolist()
    rest = findings.loc[findings["topic"] == DETAIL, "sentence"].tolist()
    return "\n".join([*first, "", *rest]) + "\n"


def fit(
    cells_path: str,
    runs_path: str,
    roofs_path: str,
    work: Sequence[str],
    imports: list[dict],
    coverage: float,
    plan: dict,
    text: str,
    progress: Callable[[str], object] = print,
) -> pd.DataFrame:
    """Write the findings to `text`, and beside it every table of `outputs.TABLES` (Parquet, and CSV
    for people); returns the findings. `work` are the files, named after architectures, that hold
    the work of cells to predict and of the paper's tables; `plan` holds the fields of `Plan`;
    `progress` is told of each part that is done. Raises StudyError on input that cannot be
    analysed."""
    folder = Path(text).parent
    for line in check_imports(imports):
        progress(f"{WARNING}{line}")
    own = Tables(pd.read_parquet(cells_path), read_processes(runs_path))
    roofs = pd.read_parquet(roofs_path)
    by_name = {Path(path).stem: json.loads(Path(path).read_text()) for path in work}
    by_name |= work_of(own.cells)
    others = imported(imports, coverage, by_name)
    material = gather(own, others, roofs, Plan(**plan), by_name)
    tables: dict[str, pd.DataFrame] = {}
    details: Details = {}
    for number, part in enumerate(PARTS, start=1):
        start = monotonic()
        made = part(material)
        tables |= made.tables
        details |= made.sentences
        progress(f"fit {number} of {len(PARTS)}: {part.__name__}, {monotonic() - start:.1f} s")
    for name in TABLES:
        write_parquet(folder / f"{name}.parquet", typed(name, tables[name], FITS[name]))
        write_csv(folder / f"{name}.csv", tables[name])
    said = findings(material, tables, details, noted(Path(runs_path), REFUSED))
    write_parquet(folder / "findings.parquet", typed("findings", said, FINDINGS))
    write_text(text, in_short(said))
    return said
