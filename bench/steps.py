"""One step of the analysis of a made-up study, as its rule makes it, in a process of its own.

`python -m bench.steps <step> <folder>`
"""

import os
import sys
from pathlib import Path

from bench.made_up import WideStudy
from tfscale.study.outputs import DRAWN_TABLES, TABLES


def merge(wide: WideStudy) -> None:
    """The rule `merge`."""
    from tfscale.tables.merge import merge

    study, results = wide.study, wide.results
    inputs = {
        "runs": study.run_files(str(results)),
        "facts": study.facts_files(str(wide.models)),
        "floor": str(results / "floor.parquet"),
    }
    outputs = {
        "merged": str(results / "runs.parquet"),
        "cells": str(results / "cells.parquet"),
        "paper_tables": [str(results / f"{model}.csv") for model in study.paper_models],
    }
    settings = {"families": study.about} | study.merge_settings
    merge(inputs, outputs, settings, threads=os.cpu_count() or 1)


def fit(wide: WideStudy) -> None:
    """The rule `fit`."""
    from tfscale.analysis.fit import fit as fit_tables

    fit_tables(
        cells_path=f"{wide.results}/cells.parquet",
        runs_path=f"{wide.results}/runs.parquet",
        roofs_path=f"{wide.results}/roofs.parquet",
        work=[str(wide.work(name)) for name in wide.study.counted],
        text=str(wide.results / "fits" / "findings.txt"),
        **wide.study.fit_settings,
    )


def plot(wide: WideStudy) -> None:
    """The rules `plot_<family>`."""
    from tfscale.figures.draw import plot

    results, folder = wide.results, wide.results / "figures"
    inputs: dict = {name: str(results / f"{name}.parquet") for name in ("cells", "runs", "roofs")}
    inputs["tables"] = [str(results / "fits" / f"{name}.parquet") for name in DRAWN_TABLES]
    for model in wide.study.models:
        outputs: dict = {
            kind: [str(folder / f"{name}.{kind}") for name in wide.study.figure_names(model)]
            for kind in ("svg", "png")
        }
        words = {"words": str(folder / f"{model}.json")}
        plot(model, wide.study.figures(model), inputs, outputs | words)


def report(wide: WideStudy) -> None:
    """The rule `report`."""
    from tfscale.report.page import write_report

    study, results = wide.study, wide.results
    structures, predictions = (
        [str(wide.models / trained / name) for trained in study.trained]
        for name in ("structure.txt", "predictions.parquet")
    )
    inputs = {
        "cells": str(results / "cells.parquet"),
        "runs": str(results / "runs.parquet"),
        "machine": str(results / "machine.json"),
        "tables": [str(results / "fits" / f"{name}.parquet") for name in ("findings", *TABLES)],
        "figures": [
            str(results / "figures" / f"{figure}.svg") for figure in study.all_figure_names
        ],
        "words": [str(results / "figures" / f"{model}.json") for model in study.models],
        "facts": study.facts_files(str(wide.models)),
        "structures": structures,
        "predictions": predictions,
        "images": [f"{wide.data(name)}.npz" for name in study.pictures],
    }
    write_report(str(results / "report.html"), inputs, study.page_settings | {"again": ""})


STEPS = {step.__name__: step for step in (merge, fit, plot, report)}
"""In their order."""

if __name__ == "__main__":
    STEPS[sys.argv[1]](WideStudy(Path(sys.argv[2])))
