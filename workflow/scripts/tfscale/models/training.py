"""Train a model within its budget, and predict the test inputs with it."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any

import keras
import numpy as np
import pandas as pd
import tensorflow as tf

from tfscale.data.encoded import LEVELS, Split
from tfscale.errors import StudyError
from tfscale.study.budget import Budget, training_budget

PREDICT_BATCH = 64
FEW = 16


@dataclass(frozen=True)
class Trained:
    """What training left: one value an epoch by name, and the budget."""

    history: dict[str, list[float]]
    budget: Budget

    @property
    def best(self) -> int:
        """The epoch whose weights were kept, from 0."""
        return int(np.argmax(self.history["val_accuracy"]))


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
    model: keras.Model, flop: float, recipe: dict, splits: tuple[Split, Split], seed: int
) -> Trained:
    """Train with Adam on cross-entropy, and leave the weights of the best epoch by validation
    accuracy in the model.

    `splits` are training and validation examples; an example takes `flop`. Raises StudyError when
    the model has not one output a class, or when training diverges.
    """
    data, validation = splits
    classes = 1 + int(max(data.y.max(), validation.y.max()))
    budget = training_budget(flop, recipe, recipe["batch_size"], len(data.y), len(validation.y))
    held_out = validation.first(budget.validation)
    answers = _one_output(model(held_out.first(FEW).x), classes)
    model.compile(
        optimizer=keras.optimizers.Adam(recipe["learning_rate"]),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=_logits(answers)),
        metrics=["accuracy"],
    )
    best = keras.callbacks.EarlyStopping(
        monitor="val_accuracy", patience=recipe["epochs"], restore_best_weights=True
    )
    fitted = model.fit(
        _batches(data, budget.batch_size, seed),
        steps_per_epoch=budget.steps,
        epochs=recipe["epochs"],
        validation_data=_once(held_out, budget.batch_size),
        callbacks=[best, keras.callbacks.TerminateOnNaN()],
        verbose=2,
    )
    _check_finite(fitted.history, recipe)
    return Trained(fitted.history, budget)


def _one_output(answers: Any, classes: int) -> np.ndarray:
    """The model's only answer; raises StudyError where it is not one number a class."""
    outputs = keras.tree.flatten(answers)
    shapes = [tuple(output.shape) for output in outputs]
    if len(shapes) != 1 or len(shapes[0]) != 2 or shapes[0][1] < classes:
        said = ", ".join(str((None, *shape[1:])) for shape in shapes)
        raise StudyError(
            f"its data has {classes} classes, so it needs one output of the shape (batch, "
            f"{classes}) to be trained; build returns {said}"
        )
    return np.asarray(outputs[0], np.float32)


def _logits(answers: np.ndarray) -> bool:
    """Whether they are no probabilities, as they are behind a softmax."""
    return bool(answers.min() < 0 or np.abs(answers.sum(axis=1) - 1).max() > 1e-3)


def _check_finite(history: Mapping[str, list[float]], recipe: dict) -> None:
    """Raise StudyError that names the epoch in which the loss stopped being a number."""
    for epoch, losses in enumerate(zip(history["loss"], history["val_loss"], strict=True), start=1):
        if not all(map(isfinite, losses)):
            raise StudyError(
                f"the training diverged in epoch {epoch} of {recipe['epochs']}: its loss is no "
                f"number any more. Lower training.learning_rate ({recipe['learning_rate']:g}) in "
                "config.yaml and type the same command again"
            )


def _batches(data: Split, batch_size: int, seed: int) -> tf.data.Dataset:
    """Endless shuffled batches: every example once before any comes again.

    Images stay bytes until their batch is made: as floats, 54,000 of 112 x 112 take 2.7 GB.
    """
    x = tf.nest.map_structure(tf.constant, data.x)
    y, levels = tf.constant(data.y), tf.constant(LEVELS)

    def chosen(part: tf.Tensor, row: tf.Tensor) -> tf.Tensor:
        found = tf.gather(part, row)
        return tf.gather(levels, tf.cast(found, tf.int32)) if data.bytes else found

    def batch(row: tf.Tensor) -> tuple[Any, tf.Tensor]:
        return tf.nest.map_structure(lambda part: chosen(part, row), x), tf.gather(y, row)

    rows = tf.data.Dataset.range(len(data.y)).shuffle(len(data.y), seed=seed).repeat()
    return rows.batch(batch_size).map(batch)


def _once(data: Split, batch_size: int) -> tf.data.Dataset:
    return tf.data.Dataset.from_tensor_slices((data.x, data.y)).batch(max(batch_size, 16))


def predict(model: keras.Model, x: Any) -> np.ndarray:
    """Class probabilities (n, classes)."""
    answers = model.predict(x, batch_size=PREDICT_BATCH, verbose=0)
    return np.asarray(keras.ops.softmax(answers)) if _logits(answers) else answers


def answers_of(
    probabilities: np.ndarray, actual: np.ndarray, labels: list[str], texts: list[str] | None
) -> pd.DataFrame:
    """One row a test input: actual and predicted label, probability, correct, and the review."""
    guessed = probabilities.argmax(axis=1)
    columns = {
        "input": np.arange(len(guessed)),
        "actual": [labels[label] for label in actual],
        "predicted": [labels[label] if label < len(labels) else str(label) for label in guessed],
        "probability": probabilities.max(axis=1),
        "correct": guessed == actual,
    }
    return pd.DataFrame(columns | ({"review": texts} if texts else {}))
