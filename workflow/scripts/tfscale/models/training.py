"""Train, save, predict, facts."""

import json
import shutil
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import tensorflow as tf

from tfscale.axes import cell_name
from tfscale.data.encoded import LEVELS, Split, load, load_texts, read_manifest
from tfscale.errors import StudyError
from tfscale.files.whole import flush, replacing, write_text
from tfscale.models.networks import build, copy_of
from tfscale.models.saved import digest
from tfscale.study.architecture import Layer, layers_of, parameters, structure_text
from tfscale.study.work import Budget, predicted_inputs, training_budget


def configure(threads: int, seed: int, deterministic: bool) -> None:
    """Give TensorFlow its threads and seed every random generator; `deterministic` allows only
    operations whose result is the same to the last bit every time, which takes longer."""
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    keras.utils.set_random_seed(seed)
    if deterministic:
        tf.config.experimental.enable_op_determinism()


def train(
    layers: list[Layer],
    vocabulary: int,
    training: dict,
    batch_size: int,
    data: Split,
    validation: Split,
    seed: int,
) -> tuple[keras.Model, dict[str, list[float]], Budget]:
    """Train with Adam on categorical cross-entropy; returns the quick model (see `networks.build`)
    with the weights of its best epoch by validation accuracy, the history (one value an epoch)
    and the budget."""
    budget = training_budget(layers, training, batch_size, len(data.x), len(validation.x))
    model = build(layers, vocabulary, training["dropout"], quick=True)
    model.compile(
        optimizer=keras.optimizers.Adam(training["learning_rate"]),
        loss="categorical_crossentropy",
        metrics=["accuracy"],
    )
    classes = layers[-1].output[-1]
    held_out = Split(validation.x[: budget.validation], validation.y[: budget.validation])
    best = keras.callbacks.EarlyStopping(
        monitor="val_accuracy", patience=training["epochs"], restore_best_weights=True
    )
    history = model.fit(
        _batches(data, classes, budget.batch_size, seed),
        steps_per_epoch=budget.steps,
        epochs=training["epochs"],
        validation_data=_once(held_out, classes, budget.batch_size),
        callbacks=[best],
        verbose=2,
    )
    return model, history.history, budget


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


CHUNK = 64
FEW = 16
TOLERANCE = {"float32": 1e-3, "bfloat16": 0.1}
"""Between probabilities of the same weights, summed in another order."""


def predict(model: keras.Model, x: np.ndarray) -> np.ndarray:
    """Class probabilities (n, classes)."""
    return model.predict(x, batch_size=CHUNK, verbose=0)


def check_served(
    saved_model: str | Path, x: np.ndarray, probabilities: np.ndarray, precision: str
) -> None:
    """Raise StudyError unless the public serving signature answers the first inputs alike."""
    served = serve(saved_model, x[:FEW])
    apart = float(np.abs(served - probabilities[:FEW]).max())
    if not apart <= TOLERANCE[precision]:
        raise StudyError(
            f"{saved_model} answers otherwise than the model that was trained (probabilities "
            f"differ by {apart:.2g}): TensorFlow did not save it rightly; please report this"
        )


def serve(saved_model: str | Path, x: np.ndarray) -> np.ndarray:
    """Class probabilities (n, classes) by the model's public serving signature."""
    signature = tf.saved_model.load(str(saved_model)).signatures["serving_default"]
    (name,) = signature.structured_input_signature[1]
    return next(iter(signature(**{name: tf.constant(x)}).values())).numpy()


def table(
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


def write(path: str, predictions: pd.DataFrame) -> None:
    """Write the predictions as Parquet."""
    with replacing(path) as temporary:
        predictions.to_parquet(temporary, index=False)


def train_model(
    axes: dict, arrays: str, manifest: str, training: dict, evaluation: dict, seed: int,
    threads: int, outputs: dict[str, str],
) -> str:  # fmt: skip
    """Train the model of `axes` on the encoded data, save it, and predict the first of the test
    inputs: `evaluation` holds those of a pass (`inputs`) and the `budget_tflop` of predicting.

    `outputs` names the files saved_model (a folder), facts, structure, history and predictions.

    Returns its accuracy in a line.
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
    probabilities = predict(copy_of(*weights, quick=True), test.x)
    check_served(outputs["saved_model"], test.x, probabilities, axes["precision"])
    texts = load_texts(arrays, inputs)
    answers = table(probabilities, test, data["labels"], texts)
    write(outputs["predictions"], answers)
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
    return (
        f"{cell_name(axes)}: test accuracy {100 * facts['test_accuracy']:.1f} % "
        f"({len(answers):,} inputs) after {facts['training_examples']:,} examples"
    )


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
