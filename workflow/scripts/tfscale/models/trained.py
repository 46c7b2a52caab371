"""From a model's axes and its data to everything that is kept of the trained model."""

import json
import shutil
from pathlib import Path

import keras
import pandas as pd

from tfscale.data.encoded import load, load_texts, read_manifest
from tfscale.files.atomic import flush, write_text
from tfscale.models import predictions
from tfscale.models.networks import copy_of
from tfscale.models.saved_model import digest
from tfscale.models.training import configure, train
from tfscale.study.architecture import layers_of, parameters, structure_text
from tfscale.study.budget import predicted_inputs


def train_model(
    axes: dict, arrays: str, manifest: str, training: dict, evaluation: dict, seed: int,
    threads: int, outputs: dict[str, str],
) -> dict:  # fmt: skip
    """Train the model of `axes` on the encoded data, save it, and predict the first of the test
    inputs: `evaluation` holds those of a pass (`inputs`) and the `budget_tflop` of predicting.

    `outputs` names the files saved_model (a folder), facts, structure, history and predictions.

    Returns the facts that are also written as JSON beside the SavedModel.
    """
    data = read_manifest(manifest)
    layers = layers_of(axes)
    write_text(outputs["structure"], structure_text(layers, data["vocabulary"]))
    print(structure_text(layers, data["vocabulary"]))
    deterministic = training.get("deterministic", False)
    configure(threads, seed, deterministic)
    model, history, budget = train(
        layers, data["vocabulary"], training, axes["batch_size"],
        load(arrays, "train", scaled=False), load(arrays, "validation"), seed,
    )  # fmt: skip
    weights = (model, layers, data["vocabulary"], axes["precision"])
    _export(copy_of(*weights), outputs["saved_model"])
    _write_history(outputs["history"], history)
    inputs = predicted_inputs(layers, evaluation["inputs"], evaluation["budget_tflop"])
    test = load(arrays, "test", inputs)
    probabilities = predictions.predict(copy_of(*weights, quick=True), test.x)
    predictions.check_served(outputs["saved_model"], test.x, probabilities, axes["precision"])
    texts = load_texts(arrays, inputs)
    answers = predictions.table(probabilities, test, data["labels"], texts)
    predictions.write(outputs["predictions"], answers)
    facts = axes | {
        "seed": seed,
        "deterministic": deterministic,
        "data": data["source"],
        "data_sha256": data["sha256"],
        "vocabulary": data["vocabulary"],
        "parameters": parameters(layers, data["vocabulary"]),
        "training_steps": budget.steps * training["epochs"],
        "training_step_examples": budget.batch_size,
        "training_examples": budget.examples * training["epochs"],
        "best_epoch": 1 + max(range(training["epochs"]), key=history["val_accuracy"].__getitem__),
        "validation_examples": budget.validation,
        "validation_accuracy": max(history["val_accuracy"]),
        "predicted_inputs": len(answers),
        "test_accuracy": float(answers["correct"].mean()),
        "saved_model_sha256": digest(outputs["saved_model"]),
    }
    write_text(outputs["facts"], json.dumps(facts, indent=2) + "\n")
    return facts


def _export(model: keras.Model, target: str) -> None:
    """Write the SavedModel whole or not at all."""
    part = Path(f"{target}.part")
    shutil.rmtree(part, ignore_errors=True)
    model.export(str(part), format="tf_saved_model", verbose=False)
    flush(part)
    shutil.rmtree(target, ignore_errors=True)
    part.rename(target)


def _write_history(path: str, history: dict[str, list[float]]) -> None:
    table = pd.DataFrame(history)
    table.insert(0, "epoch", range(1, len(table) + 1))
    write_text(path, table.to_csv(index=False))
