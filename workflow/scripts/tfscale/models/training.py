"""Train a model, save it, predict the test inputs with it and write down its facts."""

import json
import shutil
from math import isfinite
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import tensorflow as tf

from tfscale.axes import cell_name
from tfscale.data.encoded import LEVELS, Split, load, load_texts, read_manifest
from tfscale.errors import StudyError
from tfscale.files.whole import flush, replacing, write_text
from tfscale.jobs.surroundings import variables
from tfscale.models.networks import build, copy_of
from tfscale.models.saved import digest
from tfscale.study.architecture import Layer, layers_of, parameters, structure_text
from tfscale.study.work import Budget, predicted_inputs, training_budget

PREDICT_BATCH = 64
CHECKED_INPUTS = 16
TOLERANCE = {"float32": 1e-3, "bfloat16": 0.1}
"""Between probabilities of the same weights, summed in another order."""


def train_model(
    axes: dict,
    arrays: str,
    manifest: str,
    training: dict,
    evaluation: dict,
    seed: int,
    threads: int,
    outputs: dict[str, str],
) -> str:
    """Train the model of `axes` on the encoded data, save it, and predict the first test inputs.

    `training` is the section of the configuration; `evaluation` holds the `inputs` of a pass and
    the `budget_tflop` of predicting. `outputs` names the files saved_model (a folder), facts,
    structure, history and predictions. Returns its accuracy in a line.
    """
    data = read_manifest(manifest)
    vocabulary, precision = data["vocabulary"], axes["precision"]
    layers = layers_of(axes)
    structure = structure_text(layers, vocabulary)
    write_text(outputs["structure"], structure)
    print(structure)

    deterministic = training.get("deterministic", False)
    configure(threads, seed, deterministic)
    recipe = training | {"batch_size": axes["batch_size"]}
    splits = load(arrays, "train", scaled=False), load(arrays, "validation")
    model, history, budget = train(layers, vocabulary, recipe, splits, seed)
    epochs = pd.DataFrame(history)
    epochs.insert(0, "epoch", range(1, len(epochs) + 1))
    write_text(outputs["history"], epochs.to_csv(index=False))
    export(copy_of(model, layers, vocabulary, precision), outputs["saved_model"])

    count = predicted_inputs(layers, evaluation["inputs"], evaluation["budget_tflop"])
    test = load(arrays, "test", count)
    quick = copy_of(model, layers, vocabulary, precision, quick=True)
    probabilities = predict(quick, test.x)
    check_served(outputs["saved_model"], test.x, probabilities, precision)
    answers = answers_of(probabilities, test, data["labels"], load_texts(arrays, count))
    with replacing(outputs["predictions"]) as temporary:
        answers.to_parquet(temporary, index=False)

    best = int(np.argmax(history["val_accuracy"]))
    facts = axes | {
        "seed": seed,
        "deterministic": deterministic,
        "data": data["source"],
        "data_sha256": data["sha256"],
        "vocabulary": vocabulary,
        "parameters": parameters(layers, vocabulary),
        "training_steps": budget.steps * training["epochs"],
        "training_step_examples": budget.batch_size,
        "training_examples": budget.examples * training["epochs"],
        "best_epoch": 1 + best,
        "validation_examples": budget.validation,
        "validation_accuracy": history["val_accuracy"][best],
        "predicted_inputs": len(answers),
        "test_accuracy": float(answers["correct"].mean()),
        "saved_model_sha256": digest(outputs["saved_model"]),
        "variables": variables(),
    }
    write_text(outputs["facts"], json.dumps(facts, indent=2) + "\n")
    return (
        f"{cell_name(axes)}: test accuracy {100 * facts['test_accuracy']:.1f} % "
        f"({len(answers):,} inputs) after {facts['training_examples']:,} examples"
    )


def configure(threads: int, seed: int, deterministic: bool) -> None:
    """Give TensorFlow its threads and seed every random generator.

    `deterministic` allows only operations whose result is the same to the last bit every time,
    which takes longer.
    """
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    keras.utils.set_random_seed(seed)
    if deterministic:
        tf.config.experimental.enable_op_determinism()


def train(
    layers: list[Layer], vocabulary: int, recipe: dict, splits: tuple[Split, Split], seed: int
) -> tuple[keras.Model, dict[str, list[float]], Budget]:
    """Train with Adam on categorical cross-entropy; `splits` are training and validation examples.

    Returns the quick model (see `networks.build`) with the weights of its best epoch by validation
    accuracy, the history (one value an epoch) and the budget. Raises StudyError when it diverges.
    """
    data, validation = splits
    sizes = len(data.x), len(validation.x)
    budget = training_budget(layers, recipe, recipe["batch_size"], *sizes)
    model = build(layers, vocabulary, recipe["dropout"], quick=True)
    model.compile(
        optimizer=keras.optimizers.Adam(recipe["learning_rate"]),
        loss="categorical_crossentropy",
        metrics=["accuracy"],
    )
    classes = layers[-1].output[-1]
    held_out = Split(validation.x[: budget.validation], validation.y[: budget.validation])
    best = keras.callbacks.EarlyStopping(
        monitor="val_accuracy", patience=recipe["epochs"], restore_best_weights=True
    )
    fitted = model.fit(
        _batches(data, classes, budget.batch_size, seed),
        steps_per_epoch=budget.steps,
        epochs=recipe["epochs"],
        validation_data=_once(held_out, classes, budget.batch_size),
        callbacks=[best, keras.callbacks.TerminateOnNaN()],
        verbose=2,
    )
    _check_finite(fitted.history, recipe)
    return model, fitted.history, budget


def _check_finite(history: dict[str, list[float]], recipe: dict) -> None:
    """Raise StudyError that names the epoch in which the loss stopped being a number."""
    for epoch, losses in enumerate(zip(history["loss"], history["val_loss"], strict=True), start=1):
        if not all(map(isfinite, losses)):
            raise StudyError(
                f"the training diverged in epoch {epoch} of {recipe['epochs']}: its loss is no "
                f"number any more. Lower training.learning_rate ({recipe['learning_rate']:g}) in "
                "config.yaml and type the same command again"
            )


def _batches(data: Split, classes: int, batch_size: int, seed: int) -> tf.data.Dataset:
    """Endless shuffled batches: every example once before any comes again.

    Images stay bytes until their batch is made: as floats, 54,000 of 112 x 112 take 2.7 GB.
    """
    x, y, levels = tf.constant(data.x), tf.one_hot(data.y, classes), tf.constant(LEVELS)

    def batch(row: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        chosen = tf.gather(x, row)
        if x.dtype == tf.uint8:
            chosen = tf.gather(levels, tf.cast(chosen, tf.int32))
        return chosen, tf.gather(y, row)

    rows = tf.data.Dataset.range(len(data.x)).shuffle(len(data.x), seed=seed).repeat()
    return rows.batch(batch_size).map(batch)


def _once(data: Split, classes: int, batch_size: int) -> tf.data.Dataset:
    one_hot = np.eye(classes, dtype=np.float32)[data.y]
    return tf.data.Dataset.from_tensor_slices((data.x, one_hot)).batch(max(batch_size, 16))


def export(model: keras.Model, target: str) -> None:
    """Write the SavedModel whole or not at all."""
    part = Path(f"{target}.part")
    shutil.rmtree(part, ignore_errors=True)
    model.export(str(part), format="tf_saved_model", verbose=False)
    flush(part)
    shutil.rmtree(target, ignore_errors=True)
    part.rename(target)


def predict(model: keras.Model, x: np.ndarray) -> np.ndarray:
    """Class probabilities (n, classes)."""
    return model.predict(x, batch_size=PREDICT_BATCH, verbose=0)


def check_served(
    saved_model: str | Path, x: np.ndarray, probabilities: np.ndarray, precision: str
) -> None:
    """Raise StudyError unless the public serving signature answers the first inputs alike."""
    signature = tf.saved_model.load(str(saved_model)).signatures["serving_default"]
    (name,) = signature.structured_input_signature[1]
    (served,) = signature(**{name: tf.constant(x[:CHECKED_INPUTS])}).values()
    apart = float(np.abs(served.numpy() - probabilities[:CHECKED_INPUTS]).max())
    if not apart <= TOLERANCE[precision]:
        raise StudyError(
            f"{saved_model} answers otherwise than the model that was trained (probabilities "
            f"differ by {apart:.2g}): TensorFlow did not save it rightly; please report this"
        )


def answers_of(
    probabilities: np.ndarray, test: Split, labels: list[str], texts: list[str] | None
) -> pd.DataFrame:
    """One row a test input: actual and predicted label, probability, correct, and the review."""
    guessed = probabilities.argmax(axis=1)
    columns = {
        "input": np.arange(len(guessed)),
        "actual": [labels[label] for label in test.y],
        "predicted": [labels[label] for label in guessed],
        "probability": probabilities.max(axis=1),
        "correct": guessed == test.y,
    }
    return pd.DataFrame(columns | ({"review": texts} if texts else {}))
