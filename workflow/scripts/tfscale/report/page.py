"""The page: template, first screen, what was asked."""

import json
import platform
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from tfscale.analysis.answers import ANSWER, CANNOT_SAY, DETAIL, TRUST
from tfscale.analysis.slices import own_axes
from tfscale.analysis.words import short_axes, short_names
from tfscale.files.whole import noted, write_text
from tfscale.report.explorer import (
    data_block,
    explorer_data,
    policy,
    samples,
    trained_models,
)
from tfscale.report.reservations import cell_marks, study_marks, work_marks
from tfscale.report.tables import (
    MOST_ROWS,
    cell_table,
    data_of,
    figure_groups,
    fitted_tables,
    group_table,
    layer_tables,
    model_table,
    title_of,
)
from tfscale.study import outputs
from tfscale.tables.latency import REFUSED, read_processes
from tfscale.words import WARNING, axis_name

TABLES = ("regimes", "laws", "drift", "outliers", "predictions", "next", "claims")
"""The fitted tables that the page reads column by column."""


@dataclass(frozen=True)
class Study:
    """What was asked: all settings, the trained model of every cell, the command that times a cell
    again ({cell} stands for its name), the encoded data (source/name) of the trained models that
    have some, why cells were taken out; of a partial study what each cell lacks, and the command
    that finishes it; of a sampled one the command that times a cell too, and the cells that check
    the predictions."""

    settings: dict
    trained: dict[str, str]
    again: str
    encoded: dict[str, str] = field(default_factory=dict)
    excluded: dict[str, str] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    finish: str = ""
    also: str = ""
    checks: list[str] = field(default_factory=list)


def write_report(page: str, inputs: Mapping[str, Any], asked: dict) -> None:
    """Write the page, and print what to know before trusting a number, a line each.

    `inputs` are the files of the rule `report` (all fitted tables lie in one folder), `asked` has
    the fields of `Study`.
    """
    study, folder = Study(**asked), Path(inputs["tables"][0]).parent
    results = str(Path(page).parent)
    cells = pd.read_parquet(inputs["cells"])
    fits = {name: pd.read_parquet(folder / f"{name}.parquet") for name in TABLES}
    here = cells["machine"].unique()  # what is said of imported machines stands in tables only
    fits = {name: table[table["machine"].isin(here)] for name, table in fits.items()}
    machine = json.loads(Path(inputs["machine"]).read_text(encoding="utf-8"))
    processes = read_processes(inputs["runs"])
    cells = _marked(cells, fits, study, inputs["predictions"])
    every = pd.concat([cells, _left_out(fits["predictions"], cells)], ignore_index=True)
    every = every.assign(short=_short(every))
    cells = every.head(len(cells))
    works = _works(inputs["facts"])
    shapes = {name: Path(study.encoded.get(name, name)).name for name in cells["trained"].unique()}
    models = trained_models(shapes, inputs["structures"], inputs["predictions"], inputs["images"])
    findings = pd.read_parquet(folder / "findings.parquet")
    details = findings[findings["topic"] == DETAIL].groupby("evidence")["sentence"].agg(list)
    shown = fitted_tables(folder, details.to_dict())
    drawn, timed = figure_groups(inputs["words"]), set(cells["model"])
    figures = {family: drawn[family] for family in drawn if family in timed}
    reservations = [*study_marks(cells, processes, machine, fits), *work_marks(cells, works)]
    print("\n".join(f"{WARNING}{line}" for line in reservations))
    data = explorer_data(every, processes, inputs["runs"], fits["laws"]) | models
    data |= {"results": results, "again": study.again, "also": study.also}
    library, own = outputs.text_of(outputs.LIBRARIES), outputs.text_of(outputs.SCRIPTS)
    trained = cells.dropna(subset="test_accuracy").sort_values("test_accuracy")
    best = trained.drop_duplicates("model", keep="last")
    families = {str(family): rows for family, rows in cells.groupby("model", sort=False)}
    html = _template().render(
        policy=policy([library, own]),
        style=outputs.text_of(outputs.STYLES),
        library=library,
        script=own,
        data=data_block(data),
        study=study,
        settings=study.settings,
        excluded=study.excluded | noted(Path(inputs["runs"]), REFUSED),
        trained=len(trained) > 0,
        untrained=[family for family, rows in families.items() if data_of(rows) == "none"],
        data_of={family: data_of(rows) for family, rows in families.items()},
        titles={family: title_of(family) for family in families},
        first_screen=first_screen(cells, findings, figures, [table.name for table in shown]),
        trust=findings.loc[findings["topic"] == TRUST, "sentence"].iloc[0],
        marks=reservations,
        models=model_table(cells),
        cells=cell_table("All cells", cells.head(0) if len(cells) > MOST_ROWS else cells),
        groups=group_table(cells),
        fastest=cell_table("The ten fastest cells", cells.nsmallest(10, "latency_s")),
        slowest=cell_table("The ten slowest cells", cells.nlargest(10, "latency_s")),
        next=fits["next"].to_dict("records"),
        open_verdicts=fits["claims"].dropna(subset="rounds_needed").to_dict("records"),
        count=len(cells),
        example=cells["cell"].iloc[0],
        fits=shown,
        layers=layer_tables(cells, works),
        figures=figures,
        first_figures=list(outputs.FIRST),
        samples=samples(models, dict(zip(best["model"], best["trained"], strict=True))),
        machines=cells["machine"].unique().tolist(),
        runtimes=cells["runtime"].unique().tolist(),
        environments=_environments(inputs["runs"]),
        runs=len(processes.drop_duplicates(["machine", "cell", "round"])),
        processes=len(processes),
        first=processes["started"].min(),
        last=processes["started"].max(),
        written=datetime.now(UTC),
        host=platform.node(),
        results=results,
    )
    write_text(page, html)


def _works(facts: list[str]) -> dict[str, dict]:
    """How the work of each trained model was counted, from its facts.json."""
    files = map(Path, facts)
    return {
        file.parent.name: json.loads(file.read_text(encoding="utf-8"))["work"] for file in files
    }


def _marked(
    cells: pd.DataFrame, fits: dict[str, pd.DataFrame], study: Study, predictions: list[str]
) -> pd.DataFrame:
    """The cells with `trained` (its trained model), `chance` (the accuracy of always saying the
    commonest label), `marks` (the reservations about each) and `bound` (what holds it up)."""
    cells = cells.assign(trained=cells["cell"].map(study.trained).fillna(""))
    chance = {family: _chance(rows, predictions) for family, rows in cells.groupby("model")}
    cells = cells.assign(chance=cells["model"].map(chance))
    labels = fits["regimes"].drop_duplicates(["machine", "cell"])[["machine", "cell", "label"]]
    bound = cells[["machine", "cell"]].merge(labels, how="left")["label"].fillna("unknown")
    rounds = study.settings["timing"]["rounds"]
    marks = cell_marks(cells, fits["outliers"], rounds, study.checks)
    return cells.assign(
        marks=[" · ".join(words) for words in marks],
        bound=bound.astype(str).tolist(),
    )


def _short(cells: pd.DataFrame) -> pd.Series:
    """The names in short, of several families with that of each."""
    names = [short_names(own_axes(rows)) for _, rows in cells.groupby("model")]
    short = pd.concat(names).reindex(cells.index)
    if cells["model"].nunique() == 1:
        return short
    return short.where(short == cells["cell"], cells["model"].astype(str) + " " + short)


def _left_out(predictions: pd.DataFrame, cells: pd.DataFrame) -> pd.DataFrame:
    """The cells that a sample leaves out, with what is known of them as columns of `cells`."""
    table = predictions[predictions["why"] == "sample"]
    if table.empty:
        return cells.head(0)
    half_width = np.log(table["latency_high_s"] / table["latency_low_s"]) / 2
    return table.assign(
        half_width=half_width,
        throughput_per_s=table["batch_size"] / table["latency_s"],
        bound="predicted",
        data="predicted",
        marks="",
        trained="",
    ).reindex(columns=cells.columns)


def _chance(cells: pd.DataFrame, predictions: list[str]) -> float:
    """The share of the commonest label among what one model of a family was tested with; NaN where
    none was trained."""
    trained = set(cells["trained"])
    for path in predictions:
        if Path(path).parent.name in trained:
            labels = pd.read_parquet(path, columns=["actual"])["actual"]
            return float(labels.value_counts(normalize=True).max())
    return float("nan")


def _environments(runs_path: str) -> list[dict]:
    """Every environment that was recorded, once."""
    table = pd.read_parquet(runs_path, columns=["environment_id", "environment_record"])
    return list(map(json.loads, table.drop_duplicates("environment_id")["environment_record"]))


def first_screen(
    cells: pd.DataFrame,
    findings: pd.DataFrame,
    figures: Mapping[str, list[dict]],
    tables: Collection[str],
) -> list[dict]:
    """For each family what the page says of it first: name, title, its figures of the first screen,
    the letters of short names, its sentences and what the study cannot say of it, each with the
    place of its evidence.

    `tables` are the fitted tables that the page shows; evidence elsewhere is that of the cells.
    """
    places = {name: f"fit-{name}" for name in tables}

    def said(family: str, topic: str) -> list[tuple[str, str]]:
        rows = findings[(findings["model"] == family) & (findings["topic"] == topic)]
        pairs = zip(rows["sentence"], rows["evidence"], strict=True)
        return [(sentence, places.get(table, "cells")) for sentence, table in pairs]

    return [
        {
            "name": family,
            "title": title_of(family),
            "figures": [figure for figure in drawn if figure["name"] in outputs.FIRST],
            "letters": [
                f"{first} {axis_name(axis)}"
                for axis, first in short_axes(own_axes(cells[cells["model"] == family])).items()
                if first
            ],
            "sentences": said(family, ANSWER),
            "open": said(family, CANNOT_SAY),
        }
        for family, drawn in figures.items()
    ]


def _template() -> Template:
    """The template of the page; a name that it does not know is an error."""
    environment = Environment(
        loader=FileSystemLoader(outputs.FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["pretty"] = lambda value: json.dumps(value, indent=2, ensure_ascii=False)
    return environment.get_template("report.html.j2")
