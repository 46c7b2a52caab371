"""Models of families, made as a job makes them."""

import json
from pathlib import Path
from typing import Any

import tensorflow as tf

from tfscale.axes import adopt
from tfscale.models.family import build
from tfscale.models.make import count_model, make_model
from tfscale.study.families import builtin, family_of

# As a job sets them, before any test of this process makes TensorFlow start with others: tests of
# several files share a process in an order that nobody knows.
tf.config.threading.set_intra_op_parallelism_threads(1)
tf.config.threading.set_inter_op_parallelism_threads(1)

RECIPE = {
    "epochs": 2,
    "learning_rate": 0.01,
    "budget_tflop": None,
    "max_steps": 40,
    "deterministic": False,
}
FILES = {
    "saved_model": "saved_model",
    "facts": "facts.json",
    "structure": "structure.txt",
    "history": "history.csv",
    "predictions": "predictions.parquet",
}


def job_of(name: str, entry: str | dict) -> tuple[dict, dict]:
    """What a job is told of a family (see Study.job_family), and its axes with their defaults."""
    family = family_of(name, entry)
    adopt({name: family.about})
    usual = {axis: spec["default"] for axis, spec in family.axes.items() if "default" in spec}
    about = {
        "source": family.source,
        "axes": list(family.axes),
        "inputs": family.inputs,
        "saved": family.saved,
        "digest": "",
    }
    return about, usual


def built(name: str, **axes: Any):
    """The Keras model of a built-in family."""
    job, usual = job_of(name, builtin()[name])
    return build(job, usual | axes)


def made(folder: Path, entry: str | dict, data: dict | None = None, **axes: Any) -> dict:
    """The facts of a model of the family `mine`, made in a folder; `data` names its arrays and
    manifest, and trains it."""
    job, usual = job_of("mine", entry)
    cell = {"model": "mine", "precision": "float32", **usual, **axes}
    cell |= {"batch_size": 16} if data else {}
    folder.mkdir(parents=True, exist_ok=True)
    outputs = {name: str(folder / file) for name, file in FILES.items()}
    recipe = RECIPE if data else {"deterministic": False}
    settings = {
        "recipe": {"training": recipe},
        "seed": 1,
        "evaluation": {"inputs": 64, "budget_tflop": None},
    }
    make_model(cell, job, data or {"arrays": [], "manifest": []}, settings, 1, outputs)
    return json.loads(Path(outputs["facts"]).read_text())


def only_counted(file: Path, entry: str | dict, **axes: Any) -> dict:
    """The work of the same model, of which none is made."""
    job, usual = job_of("mine", entry)
    count_model({"model": "mine", "precision": "float32", **usual, **axes}, job, 1, str(file))
    return json.loads(file.read_text())
