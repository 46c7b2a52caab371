"""Writes the report of a finished study again, as it is or with changed or many more cells."""

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import yaml
from snakemake_project import Project

from tfscale.report.page import report
from tfscale.study import config as sections

VISITS = 16


def arguments(project: Project, target: Path) -> dict:
    """What the rule `report` hands to write_report, with the page at `target`."""
    results = project.root / "results"
    config = yaml.safe_load((project.root / "config.yaml").read_text())
    models = sorted((results / "models").iterdir())
    cells = pd.read_parquet(results / "cells.parquet", columns=["cell"])["cell"]
    names = [model.name for model in models]
    trained = {
        cell: next(n for n in names if n.split("_")[:2] == cell.split("_")[:2]) for cell in cells
    }
    captions = (project.root / "workflow" / "report").glob("*.rst")
    return {
        "output": str(target),
        "cells_path": str(results / "cells.parquet"),
        "findings_path": str(results / "fits" / "findings.parquet"),
        "visits_path": str(results / "visits.parquet"),
        "runs_path": str(results / "runs.parquet"),
        "machine_path": str(results / "machine.json"),
        "figures": [str(path) for path in sorted((results / "figures").glob("*.svg"))],
        "captions": [str(path) for path in sorted(captions)],
        "structures": [str(model / "structure.txt") for model in models],
        "predictions": [str(model / "predictions.parquet") for model in models],
        "images": [str(path) for path in project.root.glob("resources/encoded/*/mnist*.npz")],
        "trained": trained,
        "settings": sections.shown_settings(config),
    }


def write(project: Project, target: Path, **changes) -> Path:
    """Write the report with some arguments changed; returns its path."""
    report.write_report(**(arguments(project, target) | changes))
    return target


def write_many(project: Project, folder: Path, count: int) -> Path:
    """Write a report of `count` cells: the study's own ones again and again at other values of the
    axes, 16 visits a cell, as many figures and tables as the study has."""
    given = arguments(project, folder / "report.html")
    cells = pd.read_parquet(given["cells_path"])
    old = cells["cell"].tolist()
    many = cells.iloc[[i % len(cells) for i in range(count)]].reset_index(drop=True)
    number = many.index.to_series()
    many["layers"] = 4 + 2 * (number % 10)
    many["batch_size"] = 1 + number // 10 % 50
    many["conv_size"] = 3 + number // 500
    many["latency_s"] *= 1 + number / 1000
    many["cell"] = [f"{row.cell}_copy{row.Index}" for row in many.itertuples()]
    many.to_parquet(folder / "cells.parquet")
    for name in ("visits", "runs"):
        table = pq.read_table(given[f"{name}_path"])
        table = table.filter(pc.invert(table["sentinel"]))
        rows = [table["cell"].to_pylist().index(old[i % len(old)]) for i in range(count)]
        repeated = table.take(pa.array([row for row in rows for _ in range(VISITS)]))
        names = pa.array([cell for cell in many["cell"] for _ in range(VISITS)])
        place = repeated.schema.get_field_index("cell")
        pq.write_table(repeated.set_column(place, "cell", names), folder / f"{name}.parquet")
        given[f"{name}_path"] = str(folder / f"{name}.parquet")
    trained = {cell: given["trained"][old[i % len(old)]] for i, cell in enumerate(many["cell"])}
    given |= {"cells_path": str(folder / "cells.parquet"), "trained": trained}
    report.write_report(**given)
    return folder / "report.html"
