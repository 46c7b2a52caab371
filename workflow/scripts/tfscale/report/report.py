"""The report: one self-contained page from the tables, figures, models and settings of a study."""

import json
import platform
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from tfscale.analysis.warned import WARNING
from tfscale.files.atomic import write_text
from tfscale.report.cell_marks import cell_marks, study_marks
from tfscale.report.marks import marks
from tfscale.report.page_answer import FITS, answer
from tfscale.report.page_cells import described
from tfscale.report.page_data import explorer_data, shapes_of
from tfscale.report.page_figures import figure_groups
from tfscale.report.page_fits import findings_by_topic, fit_sections
from tfscale.report.page_models import samples, trained_models
from tfscale.report.page_script import code_block, data_block, policy
from tfscale.report.page_tables import MOST_ROWS, cell_groups, cell_rows, model_rows
from tfscale.report.timing_again import time_again
from tfscale.study import page_files
from tfscale.study.fit_tables import TOP

OTHERS = ("drift", "outliers", "predictions")


def write_report(
    output: str, cells_path: str, findings_path: str, visits_path: str, runs_path: str,
    machine_path: str, figures: list[str], captions: list[str], structures: list[str],
    predictions: list[str], images: list[str], trained: dict[str, str], settings: dict,
    missing: dict[str, str] | None = None, finish: str = "",
    excluded: dict[str, str] | None = None,
) -> None:  # fmt: skip
    """Render the page; the fitted tables lie beside the findings.

    `figures` are SVG files (model_figure.svg), `captions` one text a figure; `structures` and
    `predictions` a file a trained model, `images` the encoded data that holds pictures. `trained`
    maps every cell to its trained model. Of a partial study, `missing` says what each cell lacks,
    and `finish` is the command that would finish it; `excluded` says why each cell that was taken
    out of the study was. What to know before trusting a number is printed too, a line each.
    """
    table, visits = pd.read_parquet(cells_path), pd.read_parquet(visits_path)
    machine = json.loads(Path(machine_path).read_text())
    folder, results = Path(findings_path).parent, str(Path(output).parent)
    fits = {name: pd.read_parquet(folder / f"{name}.parquet") for name in (*FITS, *OTHERS)}
    said = cell_marks(table, fits["outliers"], settings["timing"])
    cells = described(table, fits["regimes"], said, trained)
    shapes = shapes_of(cells)
    models = trained_models(shapes, structures, predictions, images)
    places = {"results": results, "again": time_again(results)}
    data = explorer_data(cells, visits, runs_path, fits["laws"], models, places)
    findings = findings_by_topic(findings_path)
    reservations = [
        *marks(cells, visits, fits["drift"], machine, settings["timing"]),
        *study_marks(fits["outliers"], fits["predictions"]),
    ]
    print("\n".join(f"{WARNING}{line}" for line in reservations))
    top = findings.pop(TOP, [])
    recorded = visits["environment"].unique()
    best = cells.sort_values("test_accuracy")
    library = page_files.text_of(page_files.LIBRARIES)
    own = page_files.text_of(page_files.SCRIPTS)
    html = _page().render(
        policy=policy([library, own]),
        style=page_files.text_of(page_files.STYLES),
        library=code_block(library),
        script=code_block(own),
        data=data_block(data),
        answer=answer(top, cells, fits),
        findings=findings,
        builtin=bool((cells["data"] == "builtin").any()),
        marks=reservations,
        cells=cell_rows(cells) if len(cells) <= MOST_ROWS else [],
        groups=cell_groups(cells),
        fastest=cell_rows(cells.nsmallest(10, "latency_s")),
        slowest=cell_rows(cells.nlargest(10, "latency_s")),
        count=len(cells),
        missing=missing or {},
        finish=finish,
        excluded=excluded or {},
        fits=fit_sections(str(folder)),
        figures=figure_groups(figures, captions),
        samples=samples(models, dict(zip(best["model"], best["trained"], strict=True)), shapes),
        models=model_rows(cells),
        settings=settings,
        machines=cells["machine"].unique().tolist(),
        paths=cells["path"].unique().tolist(),
        environments=list(map(json.loads, visits.drop_duplicates("environment_id")["environment"])),
        commits=list(dict.fromkeys(json.loads(text)["git_commit"] for text in recorded)),
        runs=len(visits.drop_duplicates(["cell", "round", "sentinel"])),
        visits=len(visits),
        first=visits["started"].min(),
        last=visits["started"].max(),
        written=datetime.now(UTC),
        host=platform.node(),
        results=results,
        again=time_again(results),
        example=cells["cell"].iloc[0],
    )
    write_text(output, html)


def _page() -> Template:
    """The template of the page; a name that it does not know is an error."""
    environment = Environment(
        loader=FileSystemLoader(page_files.FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["pretty"] = lambda value: json.dumps(value, indent=2, ensure_ascii=False)
    return environment.get_template("report.html.j2")
