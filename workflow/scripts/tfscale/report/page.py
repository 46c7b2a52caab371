"""The page: template, answer, commands."""

import json
import platform
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from shlex import quote

import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from tfscale.analysis.laws import NONE, OPEN, UNTESTED, best_law
from tfscale.analysis.thresholds import FOUND
from tfscale.analysis.thresholds import NONE as NO_THRESHOLD
from tfscale.analysis.thresholds import OPEN as OPEN_THRESHOLD
from tfscale.analysis.thresholds import UNTESTED as UNTESTED_THRESHOLD
from tfscale.analysis.words import listed
from tfscale.analysis.work_model import OPERATION_WORDS, label_words
from tfscale.files.whole import write_text
from tfscale.report.explorer import (
    KEYS,
    code_block,
    data_block,
    described,
    explorer_data,
    policy,
    samples,
    shapes_of,
    trained_models,
)
from tfscale.report.reservations import cell_marks, marks, study_marks
from tfscale.report.tables import (
    MOST_ROWS,
    cell_groups,
    cell_rows,
    figure_groups,
    findings_by_topic,
    fit_sections,
    model_rows,
)
from tfscale.study import outputs
from tfscale.study.outputs import TOP
from tfscale.tables.latency import read_processes
from tfscale.words import AXIS_WORDS, WARNING, counted, share

PROFILES = Path(__file__).parents[4] / "profiles"
CELL = "{cell}"
"""Stands for the cell's name in the command of `time_again`."""


def write_again(results: str) -> str:
    """What to type in a shell for the study whose results lie in this folder; studies of a
    profile (say results/demo) name it."""
    profile = Path(results).name
    named = Path(results).parent.name == "results" and (PROFILES / profile).is_dir()
    option = f"--workflow-profile profiles/{profile} " if named else ""
    return f"snakemake {option}{quote(f'{results}/report.html')}"


def time_again(results: str) -> str:
    """What times a cell again and renews the report; {cell} stands for its name."""
    return f"rm {quote(f'{results}/runs/')}{CELL}/round*.parquet && {write_again(results)}"


MOST = 4
"""Thresholds that are told one by one."""
FITS = ("regimes", "time_shares", "thresholds", "laws", "claims")


def answer(
    top: list[str], cells: pd.DataFrame, fits: dict[str, pd.DataFrame]
) -> dict[str, list[str]]:
    """Sentences by heading: what drives the time (`top`, the first findings), the regimes, the
    thresholds, the paper's claims, and what is undetermined. `fits` holds the tables of FITS."""
    own = {name: _own(table, cells) for name, table in fits.items()}
    said = {
        "What drives the time": top,
        "Regimes": [*_where(own["time_shares"]), *label_words(own["regimes"])],
        "Thresholds": list(_thresholds(own["thresholds"])),
        "The paper's claims": list(_claims(own["claims"])),
        "Undetermined": list(_undetermined(cells, own)),
    }
    return {heading: sentences for heading, sentences in said.items() if sentences}


def _own(table: pd.DataFrame, cells: pd.DataFrame) -> pd.DataFrame:
    """The rows on the study's own machines, not on imported ones."""
    return table[table["machine"].isin(cells["machine"])]


def _where(shares: pd.DataFrame) -> Iterable[str]:
    """For each model the operation that takes most of the time."""
    known = shares.dropna(subset=["time_share_low"])
    for model, rows in known.groupby("model", sort=False):
        row = rows.sort_values("time_share").iloc[-1]
        yield (
            f"{model}: most of the time of all cells goes into {OPERATION_WORDS[row['operation']]},"
            f" {share(row['time_share'])} ({share(row['time_share_low'])} to "
            f"{share(row['time_share_high'])})."
        )


def _thresholds(table: pd.DataFrame) -> Iterable[str]:
    found = table[table["verdict"] == FOUND]
    for row in found.head(MOST).to_dict("records"):
        alone = "" if row["slice"] == "all" else f" ({row['slice']})"
        unit = "batch size" if row["x"] == "batch_size" else "FLOP a call"
        factor = AXIS_WORDS[row["factor"]].name
        yield f"{row['model']}, {factor}{alone}: a threshold in {unit}, {row['reason']}."
    if len(found) > MOST:
        yield f"{len(found) - MOST} more thresholds are listed under Analysis."
    rest = table.loc[table["verdict"] != FOUND, "verdict"].value_counts()
    untested = int(rest.get(UNTESTED_THRESHOLD, 0))
    able = f"of {counted(len(table) - untested, 'sweep')} that could show one"
    if without := rest.get(NO_THRESHOLD, 0):
        yield f"None in {without} {able}."
    if open_ := rest.get(OPEN_THRESHOLD, 0):
        yield f"Undetermined in {open_} {able}."
    if untested:
        yield f"Not testable in {counted(untested, 'sweep')}: at least 6 levels are needed."


def _claims(table: pd.DataFrame) -> Iterable[str]:
    for verdict in ("supported", "rejected"):
        rows = table[(table["verdict"] == verdict) & (table["family"] == "primary")]
        if len(rows):
            yield f"{verdict[0].upper()}{verdict[1:]}: {'; '.join(_named(rows))}."


def _named(rows: pd.DataFrame) -> list[str]:
    """Each claim once, with the parts of it that the rows are of."""
    parts: dict[str, dict[str, None]] = {}
    for row in rows.to_dict("records"):
        part = " ".join(row["test"].split()[2:])
        parts.setdefault(row["text"], {}).update({part: None} if part else {})
    return [f"{text} ({', '.join(found)})" if found else text for text, found in parts.items()]


def _undetermined(cells: pd.DataFrame, own: dict[str, pd.DataFrame]) -> Iterable[str]:
    few = int(cells["coverage"].isna().sum())
    if few:
        yield f"{few} of {len(cells)} latencies have no interval (too few undisturbed visits)."
    yield from _laws(own["laws"])
    claims = own["claims"]
    for verdict in ("undetermined", "not testable"):
        rows = claims[(claims["verdict"] == verdict) & (claims["family"] != "exploratory")]
        if len(rows):
            yield f"The paper's claims that are {verdict}: {'; '.join(_named(rows))}."


def _laws(table: pd.DataFrame) -> Iterable[str]:
    """The factors of each model whose law is not known, by what is missing."""
    words = {
        NONE: "none of the nine laws fits",
        OPEN: "more than one law fits",
        UNTESTED: "the law is not testable",
    }
    why: dict[tuple[str, str], list[str]] = {}
    pooled = table[table["slice"].isin(("pooled", "all"))]
    for (_, model, factor), rows in pooled.groupby(KEYS, sort=False):
        verdict = str(best_law(rows)["verdict"])
        for start, said in words.items():
            if verdict.startswith(start):
                why.setdefault((str(model), said), []).append(AXIS_WORDS[factor].name)
    for (model, said), factors in why.items():
        yield f"{model}: {said} along {listed(factors)}."


OTHERS = ("drift", "outliers", "predictions")


def write_report(
    page_path: str, cells_path: str, findings_path: str, runs_path: str,
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
    old = {"precision": 0.05, "further_rounds": 0, "visits": 1, "max_visits": 1, "sentinels": 0}
    settings = settings | {"timing": old | settings["timing"]}
    table, visits = pd.read_parquet(cells_path), read_processes(runs_path)
    machine = json.loads(Path(machine_path).read_text())
    folder, results = Path(findings_path).parent, str(Path(page_path).parent)
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
    library = outputs.text_of(outputs.LIBRARIES)
    own = outputs.text_of(outputs.SCRIPTS)
    html = _page().render(
        policy=policy([library, own]),
        style=outputs.text_of(outputs.STYLES),
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
    write_text(page_path, html)


def _page() -> Template:
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
