"""Writes the report of a made-up study, as it is or with changed or many more cells."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from figure_study import (
    DOLLARS,
    FIGURES,
    ROUNDS,
    full_cells,
    paper_csv,
    plot_inputs,
    plot_outputs,
    tables_of,
    whole,
    write_study,
)
from once import made_once

from tfscale.console.commands import Call
from tfscale.figures.draw import plot
from tfscale.report.page import write_report

MODELS = {"mnist": "mnist_one", "text": "text_one"}
"""The one trained model of each kind."""
SHOWN = 100


def shared_study(tmp_path_factory) -> Path:
    """The folder of the full study of this session, made once."""
    return made_once(tmp_path_factory, "full_study", full_study)


def shared_figures(tmp_path_factory) -> Path:
    """The same with the figures of both models, and what the page shows beside the tables."""
    folder = shared_study(tmp_path_factory)
    made_once(tmp_path_factory, "full_study_drawn", lambda _: with_figures(folder))
    return folder


def full_study(folder: Path) -> Path:
    """The tables of a full study with an outlier and another machine."""
    cells = whole(full_cells())
    cells.loc[3, "unsettled_processes"] = ROUNDS
    entry = {"path": str(paper_csv(folder / "slow.csv")), "name": DOLLARS, "model": "mnist"}
    return write_study(folder, cells, [entry])


def with_figures(folder: Path) -> Path:
    """Draw the figures of a study, and write what the page shows beside its tables."""
    (folder / "figures").mkdir()
    for model in MODELS:
        plot(model, FIGURES, plot_inputs(folder), plot_outputs(folder / "figures", model))
    (folder / "machine.json").write_text(json.dumps({"warnings": []}))
    for model, name in MODELS.items():
        _trained(folder / "models" / name, model)
    pictures = np.random.default_rng(1).integers(0, 255, (SHOWN, 28, 28), dtype=np.uint8)
    np.savez(folder / "mnist_input28.npz", x_test=pictures)
    return folder


def _trained(folder: Path, model: str) -> None:
    folder.mkdir(parents=True)
    number = pd.Series(range(SHOWN))
    answers = pd.DataFrame({"input": number, "probability": 0.51234, "correct": number % 2 == 0})
    answers["actual"] = "label " + (number % 10).astype(str)
    answers["predicted"] = answers["actual"].where(answers["correct"], "another label")
    if model == "text":
        answers["review"] = "a fine film"
    answers.to_parquet(folder / "predictions.parquet")
    (folder / "structure.txt").write_text(f"layers of {model}")
    (folder / "facts.json").write_text(json.dumps({"work": WORK}))


WORK = {
    "layers": [
        {"layer": "conv2d", "kind": "conv_thin", "flop": 900, "bytes": 100},
        {"layer": "dense", "kind": "matmul", "flop": 100, "bytes": 300},
    ],
    "not_counted": [],
    "counted_by": "hlo",
}
"""What facts.json says of a trained model's work."""


def inputs_of(folder: Path) -> dict:
    """What the page of the study is made from."""
    models = [folder / "models" / name for name in MODELS.values()]
    cells, runs, _ = tables_of(folder)
    return {
        "cells": cells,
        "runs": runs,
        "machine": str(folder / "machine.json"),
        "findings": str(folder / "fits/findings.parquet"),
        "words": [str(folder / f"figures/{model}.json") for model in MODELS],
        "facts": [str(model / "facts.json") for model in models],
        "structures": [str(model / "structure.txt") for model in models],
        "predictions": [str(model / "predictions.parquet") for model in models],
        "images": [str(folder / "mnist_input28.npz")],
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
        "trained": {cell: MODELS[cell.partition("_")[0]] for cell in cells},
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
