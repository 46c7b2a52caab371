"""One step of the analysis of a made-up study, as its rule makes it, in a process of its own.

`python -m bench.wide_job <step> <folder> <cells>`
"""

import os
import sys
from pathlib import Path

from bench.wide import WideStudy
from tfscale.analysis.material import Plan
from tfscale.study import config
from tfscale.study.outputs import FIGURES


def merge(wide: WideStudy) -> None:
    """The rule `merge`."""
    from tfscale.tables.merge import merge

    study, results = wide.study, wide.results
    merge(
        runs=wide.paths(study.run_files("runs", "<results>")),
        facts=wide.paths(study.facts_files("<models>")),
        floor=str(results / "floor.parquet"),
        trained={cell: study.trained_of(cell) for cell in study.cells},
        evaluation=config.evaluation(wide.config),
        coverage=wide.config["timing"]["coverage"],
        node_class=None,
        merged=str(results / "runs.parquet"),
        cells=str(results / "cells.parquet"),
        paper_tables=[str(results / f"{model}.csv") for model in study.models],
        threads=os.cpu_count() or 1,
    )


def fit(wide: WideStudy) -> None:
    """The rule `fit`."""
    from tfscale.analysis.fit import fit

    results = wide.results
    fit(
        cells_path=str(results / "cells.parquet"),
        runs_path=str(results / "runs.parquet"),
        roofs_path=str(results / "roofs.parquet"),
        imports=[],
        coverage=wide.config["timing"]["coverage"],
        plan=Plan(**config.plan(wide.config)),
        folder=str(wide.results / "fits"),
    )


def plot(wide: WideStudy) -> None:
    """The rule `plot`, for every model."""
    from tfscale.figures.draw import plot

    results, folder = wide.results, wide.results / "figures"
    inputs: dict = {name: str(results / f"{name}.parquet") for name in ("cells", "runs", "roofs")}
    inputs["tables"] = [str(results / "fits" / "laws.parquet")]
    for model in wide.study.models:
        outputs: dict = {
            kind: [str(folder / f"{model}_{figure}.{kind}") for figure in FIGURES]
            for kind in ("svg", "png")
        }
        plot(model, inputs, outputs | {"words": str(folder / f"{model}.json")})


def report(wide: WideStudy) -> None:
    """The rule `report`."""
    from tfscale.report.page import write_report

    study, results = wide.study, wide.results
    kept = ("structure.txt", "predictions.parquet")
    models = [wide.paths([f"<models>/{name}/{kind}" for name in study.trained]) for kind in kept]
    data = [f"<resources>/encoded/{name}.npz" for name in study.pictures]
    inputs = {
        "cells": str(results / "cells.parquet"),
        "runs": str(results / "runs.parquet"),
        "findings": str(results / "fits" / "findings.parquet"),
        "machine": str(results / "machine.json"),
        "figures": [str(results / "figures" / f"{figure}.svg") for figure in study.figures],
        "structures": models[0],
        "predictions": models[1],
        "images": wide.paths(data),
    }
    asked = {
        "settings": config.shown_settings(wide.config),
        "trained": {cell: study.trained_of(cell) for cell in study.cells},
        "again": "",
    }
    write_report(str(results / "report.html"), inputs, asked)


STEPS = {step.__name__: step for step in (merge, fit, plot, report)}

if __name__ == "__main__":
    STEPS[sys.argv[1]](WideStudy(Path(sys.argv[2]), int(sys.argv[3])))
