"""The page: template, answer, what was asked."""

import json
import platform
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from tfscale.analysis.thresholds import FOUND
from tfscale.analysis.work_model import label_words
from tfscale.files.whole import write_text
from tfscale.report.explorer import (
    code_block,
    data_block,
    explorer_data,
    policy,
    samples,
    trained_models,
)
from tfscale.report.reservations import cell_marks, study_marks, trust, work_marks
from tfscale.report.tables import (
    MOST_ROWS,
    cell_table,
    data_of,
    figure_groups,
    findings_by_topic,
    fitted_tables,
    group_table,
    layer_tables,
    model_table,
    title_of,
)
from tfscale.study import outputs
from tfscale.study.outputs import TOP
from tfscale.tables.latency import read_processes
from tfscale.words import WARNING, axis_name

TABLES = ("regimes", "thresholds", "laws", "claims", "drift", "outliers", "predictions")
"""The fitted tables that the page reads column by column."""


@dataclass(frozen=True)
class Study:
    """What was asked: all settings, the trained model of every cell, the command that times a cell
    again ({cell} stands for its name), the encoded data (source/name) of the trained models that
    have some, why cells were taken out; of a partial study what each cell lacks, and the command
    that finishes it."""

    settings: dict
    trained: dict[str, str]
    again: str
    encoded: dict[str, str] = field(default_factory=dict)
    excluded: dict[str, str] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    finish: str = ""


def write_report(page: str, inputs: Mapping[str, Any], asked: dict) -> None:
    """Write the page, and print what to know before trusting a number, a line each.

    `inputs` are the files of the rule `report` (the fitted tables lie beside the findings), `asked`
    has the fields of `Study`.
    """
    study, folder = Study(**asked), Path(inputs["findings"]).parent
    results = str(Path(page).parent)
    fits = {name: pd.read_parquet(folder / f"{name}.parquet") for name in TABLES}
    machine = json.loads(Path(inputs["machine"]).read_text(encoding="utf-8"))
    processes = read_processes(inputs["runs"])
    cells = _marked(pd.read_parquet(inputs["cells"]), fits, study, inputs["predictions"])
    works = _works(inputs["facts"])
    shapes = {name: Path(study.encoded.get(name, name)).name for name in cells["trained"].unique()}
    models = trained_models(shapes, inputs["structures"], inputs["predictions"], inputs["images"])
    findings = findings_by_topic(inputs["findings"])
    reservations = [*study_marks(cells, processes, machine, fits), *work_marks(cells, works)]
    print("\n".join(f"{WARNING}{line}" for line in reservations))
    data = explorer_data(cells, processes, inputs["runs"], fits["laws"]) | models
    data |= {"results": results, "again": study.again}
    library, own = outputs.text_of(outputs.LIBRARIES), outputs.text_of(outputs.SCRIPTS)
    trained = cells.dropna(subset="test_accuracy").sort_values("test_accuracy")
    best = trained.drop_duplicates("model", keep="last")
    families = {str(family): rows for family, rows in cells.groupby("model", sort=False)}
    html = _template().render(
        policy=policy([library, own]),
        style=outputs.text_of(outputs.STYLES),
        library=code_block(library),
        script=code_block(own),
        data=data_block(data),
        study=study,
        settings=study.settings,
        builtin=bool((cells["data"] == "builtin").any()),
        trained=len(trained) > 0,
        untrained=[family for family, rows in families.items() if data_of(rows) == "none"],
        data_of={family: data_of(rows) for family, rows in families.items()},
        titles={family: title_of(family) for family in families},
        answer=answer(findings.pop(TOP, []), cells, fits),
        findings=findings,
        trust=trust(cells, processes),
        marks=reservations,
        models=model_table(cells),
        cells=cell_table("All cells", cells.head(0) if len(cells) > MOST_ROWS else cells),
        groups=group_table(cells),
        fastest=cell_table("The ten fastest cells", cells.nsmallest(10, "latency_s")),
        slowest=cell_table("The ten slowest cells", cells.nlargest(10, "latency_s")),
        count=len(cells),
        example=cells["cell"].iloc[0],
        fits=fitted_tables(folder),
        layers=layer_tables(cells, works),
        figures=figure_groups(inputs["words"]),
        samples=samples(models, dict(zip(best["model"], best["trained"], strict=True))),
        machines=cells["machine"].unique().tolist(),
        paths=cells["path"].unique().tolist(),
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
    marks = cell_marks(cells, fits["outliers"], study.settings["timing"]["rounds"])
    return cells.assign(
        marks=[" · ".join(words) for words in marks],
        bound=bound.astype(str).tolist(),
    )


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
    table = pd.read_parquet(runs_path, columns=["environment_id", "environment"])
    return list(map(json.loads, table.drop_duplicates("environment_id")["environment"]))


MOST = 4
"""Thresholds that are told one by one."""


def answer(
    top: list[str], cells: pd.DataFrame, fits: dict[str, pd.DataFrame]
) -> dict[str, list[str]]:
    """Sentences by heading: what drives the time (`top`, the first findings), what holds the cells
    up, where growth changes, the paper's claims, what the study cannot say. All else stands under
    Analysis."""
    own = {name: table[table["machine"].isin(cells["machine"])] for name, table in fits.items()}
    primary = own["claims"][own["claims"]["family"] == "primary"]
    sentences = {
        "What drives the time": top,
        "What bounds it": label_words(own["regimes"]),
        "Thresholds": list(_thresholds(own["thresholds"])),
        "The paper's claims": [
            f"{verdict.capitalize()}: {'; '.join(rows['text'].unique())}."
            for verdict in ("supported", "rejected")
            if len(rows := primary[primary["verdict"] == verdict])
        ],
        "Undetermined": list(_undetermined(cells, own)),
    }
    return {heading: said for heading, said in sentences.items() if said}


def _thresholds(table: pd.DataFrame) -> Iterator[str]:
    found = table[table["verdict"] == FOUND]
    for row in found.head(MOST).to_dict("records"):
        where = "" if row["slice"] == "all" else f" ({row['slice']})"
        yield f"{row['model']}, along {axis_name(row['factor'])}{where}: {row['reason']}."
    if len(found) > MOST:
        yield f"{len(found) - MOST} more thresholds are listed under Analysis."


def _undetermined(cells: pd.DataFrame, own: dict[str, pd.DataFrame]) -> Iterator[str]:
    """What the study cannot say, counted."""
    if few := int(cells["coverage"].isna().sum()):
        yield f"{few} of {len(cells)} latencies have no interval."
    for name, nouns in (("thresholds", "sweeps for a threshold"), ("claims", "tests of a claim")):
        verdicts = own[name]["verdict"].astype(str)
        for verdict in ("undetermined", "not testable"):
            if count := int((verdicts == verdict).sum()):
                yield f"{count} of {len(verdicts)} {nouns}: {verdict}."


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
