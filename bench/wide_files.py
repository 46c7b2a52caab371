"""The other files of a made-up study: models, data, machine, floor and roofs."""

import json
from pathlib import Path

import numpy as np
import pandas as pd

from bench.wide import WideStudy
from bench.wide_runs import CALIBRATION_S, HOST
from tfscale.data import encoded
from tfscale.files.parquet import write_parquet
from tfscale.files.whole import write_text
from tfscale.study.architecture import CLASSES, layers_of, parameters, structure_text
from tfscale.timing.floor import roofs_table

INPUTS = 100
"""Test inputs of a made-up data set: as many as the report looks at."""


def write_files(wide: WideStudy) -> None:
    """Write everything that the rules before timing make, in their order; the SavedModels are
    empty folders, and nothing was trained."""
    rng, study = np.random.default_rng(1), wide.study
    for name in {study.encoded(axes) for axes in study.trained.values()}:
        _write_data(wide.root / "resources" / "encoded" / name, name, rng)
    for name, axes in study.trained.items():
        _write_model(wide.results / "models" / name, axes, rng)
    seen = {"host": HOST, "reference_s": CALIBRATION_S, "spread": 1.01, "slow_share": 0.0}
    write_text(wide.results / "machine.json", json.dumps(seen | {"warnings": []}))
    floor = [shape | {"host": HOST, "floor_s": 1e-4} for shape in study.shapes]
    write_parquet(wide.results / "floor.parquet", pd.DataFrame(floor))
    peaks = {"peak_gflop_per_s": 1e4, "peak_gbyte_per_s": 1e3}
    counts = {shape["threads"] for shape in study.shapes}
    roofs = roofs_table(HOST, dict.fromkeys(counts, peaks))
    write_parquet(wide.results / "roofs.parquet", roofs)


def _write_data(path: Path, name: str, rng: np.random.Generator) -> None:
    size = int(name.rsplit("input", 1)[1])
    arrays: dict[str, np.ndarray] = {}
    for split in ("train", "validation", "test"):
        arrays[f"x_{split}"] = rng.integers(0, 256, (INPUTS, size, size), dtype=np.uint8)
        arrays[f"y_{split}"] = rng.integers(0, CLASSES["mnist"], INPUTS)
    facts = {"model": "mnist", "input_size": size, "source": "builtin", "vocabulary": 0}
    path.parent.mkdir(parents=True, exist_ok=True)
    encoded.save(f"{path}.npz", f"{path}.json", arrays, facts)


def _write_model(folder: Path, axes: dict, rng: np.random.Generator) -> None:
    layers = layers_of(axes)
    (folder / "saved_model").mkdir(parents=True)
    write_text(folder / "structure.txt", structure_text(layers))
    write_text(folder / "history.csv", "epoch,loss,accuracy\n1,1.0,0.9\n")
    labels = [str(label) for label in range(CLASSES["mnist"])]
    probabilities = rng.dirichlet(np.full(len(labels), 0.2), INPUTS)
    actual, guessed = rng.integers(0, len(labels), INPUTS), probabilities.argmax(axis=1)
    answers = {
        "input": np.arange(INPUTS), "actual": [labels[label] for label in actual],
        "predicted": [labels[label] for label in guessed],
        "probability": probabilities.max(axis=1), "correct": actual == guessed,
    }  # fmt: skip
    write_parquet(folder / "predictions.parquet", pd.DataFrame(answers))
    facts = axes | {
        "data": "builtin", "vocabulary": 0, "parameters": parameters(layers),
        "training_examples": 10_000, "training_steps": 100, "predicted_inputs": INPUTS,
        "test_accuracy": 0.9, "saved_model_sha256": "0" * 64,
    }  # fmt: skip
    write_text(folder / "facts.json", json.dumps(facts))
