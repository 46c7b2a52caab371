"""The report: one self-contained page from the tables, figures and settings of a study."""

import base64
import json
import platform
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from tfscale.atomic import write_text
from tfscale.fit_tables import TOP
from tfscale.marks import marks
from tfscale.page_fits import findings_by_topic, fit_sections
from tfscale.page_tables import cell_rows, sample_predictions
from tfscale.units import seconds
from tfscale.warned import WARNING

TEMPLATES = Path(__file__).parents[2] / "report"


def write_report(
    output: str, cells_path: str, findings_path: str, visits_path: str, machine_path: str,
    figures: list[str], captions: list[str], predictions: dict[str, str], settings: dict,
    missing: dict[str, str] | None = None, finish: str = "",
) -> None:  # fmt: skip
    """Render the page; `figures` are the SVG files (model_figure.svg), `captions` one text a
    figure; the fitted tables lie beside the findings, and `predictions` maps a model to the
    predictions of one of its trained models. Of a partial study, `missing` says what each cell
    lacks, and `finish` is the command that would finish it. What to know before trusting a number
    is printed too, a line each."""
    cells = pd.read_parquet(cells_path)
    visits = pd.read_parquet(visits_path)
    machine = json.loads(Path(machine_path).read_text())
    fits = Path(findings_path).parent
    drift = pd.read_parquet(fits / "drift.parquet")
    page = _environment().get_template("report.html.j2")
    findings = findings_by_topic(findings_path)
    reservations = marks(cells, visits, drift, machine, settings["timing"])
    print("\n".join(f"{WARNING}{line}" for line in reservations))
    html = page.render(
        headlines=findings.pop(TOP, []),
        findings=findings,
        builtin=bool((cells["data"] == "builtin").any()),
        cells=cell_rows(cells),
        fastest=cell_rows(cells.nsmallest(10, "latency_s")),
        slowest=cell_rows(cells.nlargest(10, "latency_s")),
        fits=fit_sections(str(fits)),
        figures=_inlined(figures),
        captions={Path(path).stem: Path(path).read_text().strip() for path in captions},
        samples={model: sample_predictions(path) for model, path in predictions.items()},
        marks=reservations,
        missing=missing or {},
        finish=finish,
        models=_models(cells),
        settings=settings,
        machines=cells["machine"].unique().tolist(),
        paths=cells["path"].unique().tolist(),
        environments=[json.loads(text) for text in visits["environment"].unique()],
        runs=len(visits.drop_duplicates(["cell", "round", "sentinel"])),
        visits=len(visits),
        first=visits["started"].min(),
        last=visits["started"].max(),
        written=datetime.now(UTC),
        host=platform.node(),
        results=str(Path(output).parent),
    )
    write_text(output, html)


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["seconds"] = seconds
    environment.filters["pretty"] = lambda value: json.dumps(value, indent=2, ensure_ascii=False)
    return environment


def _inlined(figures: list[str]) -> dict[str, dict[str, str]]:
    """Figures as data URIs by model and name: identifiers inside SVGs cannot clash that way."""
    pages: dict[str, dict[str, str]] = {}
    for path in figures:
        model, name = Path(path).stem.split("_", 1)
        data = base64.b64encode(Path(path).read_bytes()).decode()
        pages.setdefault(model, {})[name] = f"data:image/svg+xml;base64,{data}"
    return pages


def _models(cells: pd.DataFrame) -> list[dict]:
    """A line a model: cells, parameters, test accuracy."""
    rows = []
    for model, table in cells.groupby("model", sort=False):
        accuracy = table["test_accuracy"]
        rows.append(
            {
                "model": model,
                "cells": len(table),
                "data": table["data"].iloc[0],
                "parameters": f"{table['parameters'].min():,} to {table['parameters'].max():,}",
                "accuracy": f"{accuracy.min():.1%} to {accuracy.max():.1%}",
                "examples": f"{table['training_examples'].min():,} to "
                f"{table['training_examples'].max():,}",
            }
        )
    return rows
