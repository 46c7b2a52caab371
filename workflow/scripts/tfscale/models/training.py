"""Trains one model within its budget and keeps its best epoch."""

import keras
import numpy as np
import tensorflow as tf

from tfscale.data.encoded import LEVELS, Split
from tfscale.models.networks import build
from tfscale.study.architecture import Layer
from tfscale.study.budget import Budget, training_budget


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
