"""A made-up study of families that are not the paper's: one of three axes, one of them text, that
is not trained, one of a single axis that is, and one without any."""

import json
from dataclasses import asdict
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
from figure_study import made_up_runs, plot_inputs, plot_outputs, seen
from made_study import write_study as write_tables
from once import made_once
from paper_families import PAPER_FAMILIES
from report_of import SETTINGS

from tfscale.analysis.fit import fit
from tfscale.analysis.material import Plan
from tfscale.axes import CALL_AXES, adopt, cell_name
from tfscale.console.commands import Call
from tfscale.figures.draw import plot
from tfscale.report.page import write_report
from tfscale.study.kinds import WORK
from tfscale.study.outputs import figures_of

FAMILIES = {
    "mlp": {
        "title": "Perceptrons on vectors.",
        "axes": {
            "width": {"kind": "int"},
            "alpha": {"kind": "float"},
            "activation": {"kind": "str"},
        },
    },
    "deep": {
        "title": "One axis only",
        "axes": {"depth": {"kind": "int"}},
        "trained": True,
    },
    "fixed": {"title": "No axis at all", "axes": {}},
}
LEVELS = {
    "mlp": {"width": (64, 128, 256), "alpha": (0.5, 1.0), "activation": ("gelu", "relu")},
    "deep": {"depth": (2, 4, 8)},
    "fixed": {},
}
BATCHES = (1, 8, 64)
FIGURES = {
    "mlp": figures_of(["width", "alpha", "batch_size"], paper=False),
    "deep": figures_of(["depth", "batch_size"], paper=False),
    "fixed": figures_of(["batch_size"], paper=False),
}


def cells(*families: str) -> pd.DataFrame:
    """The cells of these families, at every batch size."""
    rng = np.random.default_rng(1)
    rows = [_cell(axes, rng) for family in families for axes in _grid(family)]
    table = seen(pd.DataFrame(rows))
    trained = table["model"] == "deep"
    return table.assign(
        data=np.where(trained, "builtin", "none"),
        test_accuracy=np.where(trained, 0.8, np.nan),
        training_examples=np.where(trained, 60_000, 0),
    )


def _grid(family: str) -> list[dict]:
    calls = {name: axis.default for name, axis in CALL_AXES.items()}
    levels = LEVELS[family] | {"batch_size": BATCHES}
    return [
        {"model": family} | calls | dict(zip(levels, values, strict=True))
        for values in product(*levels.values())
    ]


def _cell(axes: dict, rng: np.random.Generator) -> dict:
    """A cell that takes some time a call and some a FLOP."""
    flop = int(1e5 * axes.get("width", 64) * axes.get("alpha", 1) * axes.get("depth", 1))
    batch = axes["batch_size"]
    work = dict.fromkeys(WORK, 0) | {"operations": 5, "weight_bytes": 1000, "matmul_bytes": 4000}
    work |= {"read_weight_bytes": 1000, "flop_per_example": flop, "matmul_flop": flop}
    slower = 1.3 if axes.get("activation") == "gelu" else 1.0
    latency_s = slower * (1e-4 + 1e-11 * flop * batch) * np.exp(rng.normal(0, 0.02))
    names = {"cell": cell_name(axes), "machine": "h", "called_batch": batch}
    return names | axes | work | {"latency_s": latency_s}


def shared_study(tmp_path_factory) -> Path:
    """The folder of a study of all families of this session, with its page, made once."""
    return made_once(tmp_path_factory, "other_study", write_study)


def write_study(folder: Path) -> Path:
    """The tables of a study, all that is fitted, its figures and its page."""
    adopt(FAMILIES)
    own = cells(*FAMILIES)
    paths = write_tables(folder, own, made_up_runs(own))
    (folder / "fits").mkdir()
    plan = Plan(0.95, 20, (), None, None, 1)
    fit(*paths, [], [], 0.95, asdict(plan), str(folder / "fits"), str)
    _write_page(folder)
    adopt(PAPER_FAMILIES)
    return folder


def _write_page(folder: Path) -> None:
    (folder / "figures").mkdir()
    (folder / "machine.json").write_text(json.dumps({"warnings": []}))
    for family, shown in FIGURES.items():
        plot(family, shown, plot_inputs(folder), plot_outputs(folder / "figures", family, shown))
        _write_model(folder / "models" / f"{family}_one", family)
    models = [folder / "models" / f"{family}_one" for family in FAMILIES]
    inputs = {
        "cells": str(folder / "cells.parquet"),
        "runs": str(folder / "runs.parquet"),
        "machine": str(folder / "machine.json"),
        "findings": str(folder / "fits/findings.parquet"),
        "words": [str(folder / f"figures/{family}.json") for family in FAMILIES],
        "facts": [str(model / "facts.json") for model in models],
        "structures": [str(model / "structure.txt") for model in models],
        "predictions": [str(model / "predictions.parquet") for model in models],
        "images": [],
    }
    names = pd.read_parquet(inputs["cells"])["cell"]
    asked = {
        "settings": SETTINGS,
        "trained": {cell: f"{cell.partition('_')[0]}_one" for cell in names},
        "again": Call().again("results"),
    }
    write_report(str(folder / "report.html"), inputs, asked)


def _write_model(folder: Path, family: str) -> None:
    folder.mkdir(parents=True)
    number = pd.Series(range(20 if FAMILIES[family].get("trained") else 0), dtype=int)
    labels = "label " + (number % 5).astype(str)
    answers = pd.DataFrame({"input": number, "actual": labels, "predicted": labels})
    answers.assign(probability=0.9, correct=number >= 0).to_parquet(folder / "predictions.parquet")
    (folder / "structure.txt").write_text(f"layers of {family}")
    layers = [
        {"layer": f"dense_{place}", "kind": "matmul", "flop": 100 + place, "bytes": 10}
        for place in range(30)
    ]
    missing = ["a loop of unknown length"] if family == "mlp" else []
    work = {"layers": layers, "not_counted": missing, "counted_by": "hlo"}
    (folder / "facts.json").write_text(json.dumps({"work": work}))
