"""Writes the report of a made-up study, as it is or with changed or many more cells."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from figure_study import FIGURES, GRID, full_cells, tables_of, write_study
from made_study import ROUNDS, work_cells, write_import
from once import made_once

from tfscale.axes import FAMILIES
from tfscale.console.commands import Call
from tfscale.figures.draw import plot
from tfscale.report.page import write_report

DOLLARS = "a $machine_ with <b>"
SHOWN = 100


def shared_study(tmp_path_factory) -> Path:
    """The folder of the full study of this session, made once."""
    return made_once(tmp_path_factory, "full_study", full_study)


def shared_figures(tmp_path_factory) -> Path:
    """The same with the figures of both models, and what the page shows beside the tables."""
    folder = shared_study(tmp_path_factory)
    figures = dict.fromkeys(FAMILIES, FIGURES)
    made_once(tmp_path_factory, "full_study_drawn", lambda _: with_figures(folder, figures))
    return folder


def full_study(folder: Path) -> Path:
    """The tables of a full study with an outlier and another machine, three times as slow."""
    cells = full_cells()
    cells.loc[3, "unsettled_processes"] = ROUNDS
    slow = work_cells(**GRID | {"batch_size": (32,)}, seed=9)
    slow["pass_mean_s"] *= 3
    slow = pd.concat([slow.assign(batch_size=size) for size in (1, 16)])
    pictures = np.random.default_rng(1).integers(0, 255, (SHOWN, 28, 28), dtype=np.uint8)
    np.savez(folder / "mnist_input28.npz", x_test=pictures)
    return write_study(folder, cells, [write_import(folder / "slow.csv", slow, DOLLARS)])


def with_figures(folder: Path, figures: dict[str, dict[str, str]]) -> Path:
    """Draw the figures of each family of a study, and write what the page shows beside them."""
    (folder / "figures").mkdir()
    inputs = tables_of(folder) | {"tables": [str(folder / "fits/laws.parquet")]}
    for family, shown in figures.items():
        own = f"{folder}/figures/{family}"
        files = {kind: [f"{own}_{name}.{kind}" for name in shown] for kind in ("svg", "png")}
        plot(family, shown, inputs, files | {"words": f"{own}.json"})
        _write_model(folder / "models" / f"{family}_one", family)
    (folder / "machine.json").write_text(json.dumps({"warnings": []}))
    return folder


def _write_model(folder: Path, family: str) -> None:
    """Write the one model of a family: of a trained one with answers, half of them wrong."""
    folder.mkdir(parents=True)
    number = pd.Series(range(SHOWN if FAMILIES[family].trained else 0), dtype=int)
    answers = pd.DataFrame({"input": number, "probability": 0.51234, "correct": number % 2 == 0})
    answers["actual"] = "label " + (number % 10).astype(str)
    answers["predicted"] = answers["actual"].where(answers["correct"], "another label")
    if family == "text":
        answers["review"] = "a fine film"
    answers.to_parquet(folder / "predictions.parquet")
    (folder / "structure.txt").write_text(f"layers of {family}")
    layers = [
        {"layer": f"dense_{place}", "kind": "matmul", "flop": 100 + place, "bytes": 10}
        for place in range(30)
    ]
    missing = ["a loop of unknown length"] if family == "mlp" else []
    work = {"layers": layers, "not_counted": missing, "counted_by": "hlo"}
    (folder / "facts.json").write_text(json.dumps({"work": work}))


def inputs_of(folder: Path) -> dict:
    """What the page of the study is made from."""
    models = [folder / "models" / f"{family}_one" for family in FAMILIES]
    return tables_of(folder) | {
        "machine": str(folder / "machine.json"),
        "tables": [str(folder / "fits/findings.parquet")],
        "words": [str(folder / f"figures/{family}.json") for family in FAMILIES],
        "facts": [str(model / "facts.json") for model in models],
        "structures": [str(model / "structure.txt") for model in models],
        "predictions": [str(model / "predictions.parquet") for model in models],
        "images": list(map(str, folder.glob("*.npz"))),
    }


SETTINGS = {
    "seed": 1,
    "timing": {"protocol": "short", "rounds": ROUNDS, "processes": 1}
    | {"min_time_s": 0.25, "min_calls": 10},
    "evaluation": {"inputs": 2000, "passes": 10},
    "training": {"budget_tflop": 20, "max_steps": None, "epochs": 2},
    "analysis": {"confidence": 0.95},
}


def write(folder: Path, target: Path, files: dict | None = None, **changes) -> Path:
    """Write the report with some files and some of what was asked changed; returns its path."""
    inputs = inputs_of(folder) | (files or {})
    cells = pd.read_parquet(inputs["cells"])["cell"]
    asked = {
        "settings": SETTINGS,
        "trained": {cell: f"{cell.partition('_')[0]}_one" for cell in cells},
        "again": Call().again("results"),
        "encoded": {"mnist_one": "builtin/mnist_input28", "text_one": "builtin/text_input56"},
    }
    write_report(str(target), inputs, asked | changes)
    return target


def write_many(folder: Path, target: Path, count: int) -> Path:
    """Write a report of `count` cells: the study's own again and again at other values of the axes,
    as many figures and tables as the study has."""
    cells = pd.read_parquet(folder / "cells.parquet")
    old = cells["cell"].tolist()
    many = cells.iloc[[i % len(cells) for i in range(count)]].reset_index(drop=True)
    number = many.index.to_series()
    many["layers"] = 4 + 2 * (number % 10)
    many["batch_size"] = 1 + number // 10 % 50
    many["conv_size"] = 3 + number // 500
    many["latency_s"] *= 1 + number / 1000
    many["cell"] = [f"{row.cell}_copy{row.Index}" for row in many.itertuples()]
    many.to_parquet(target / "cells.parquet")
    runs = pq.read_table(folder / "runs.parquet")
    rows = pd.Series(range(len(runs))).groupby(runs["cell"].to_pylist()).agg(list)
    taken = [rows[old[i % len(old)]] for i in range(count)]
    repeated = runs.take(pa.array([row for own in taken for row in own]))
    names = [cell for cell, own in zip(many["cell"], taken, strict=True) for _ in own]
    place = repeated.schema.get_field_index("cell")
    repeated = repeated.set_column(place, "cell", pa.array(names))
    pq.write_table(repeated, target / "runs.parquet")
    paths = {name: str(target / f"{name}.parquet") for name in ("cells", "runs")}
    return write(folder, target / "report.html", files=paths)
