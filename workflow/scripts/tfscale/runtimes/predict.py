"""Keras: model.predict on a NumPy batch, all of Keras in between."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfscale.errors import StudyError
from tfscale.models.inputs import SIGNATURE, Batch
from tfscale.runtimes.calls import Calls
from tfscale.runtimes.tensorflow import on_device

PACKAGES = ("tensorflow", "keras")


class Served(keras.layers.TFSMLayer):
    """A SavedModel as a layer; several inputs come by name, which Keras' own layer cannot."""

    def call(self, inputs: Any, training: bool = False) -> Any:
        """The outputs of the signature."""
        if isinstance(inputs, dict):
            return self.call_endpoint_fn(**inputs)
        return super().call(inputs, training)


def load(model: str, axes: dict, batches: list[Batch]) -> Calls:
    """The calls of `model.predict` on a SavedModel as a layer."""
    layer = Served(model, call_endpoint=SIGNATURE)
    return on_device(Calls(_predict(layer, axes["jit"], batches)))


def served(layer: keras.layers.Layer, batch: Batch) -> keras.Model:
    """A Keras model of a SavedModel as a layer, for batches like this one."""
    if whole := [name for name, part in batch.items() if not part.shape]:
        raise StudyError(f"model.predict takes batches only, and {whole[0]} is one number for all")
    tensors = {
        name: keras.Input(part.shape[1:], dtype=_dtype(part), name=name)
        for name, part in batch.items()
    }
    # Keras maps an only input without its name
    inputs: Any = tensors if len(tensors) > 1 else next(iter(tensors.values()))
    outputs = layer(inputs)
    parts = list(outputs.values()) if isinstance(outputs, dict) else [outputs]
    return keras.Model(inputs, parts[0] if len(parts) == 1 else outputs)


def _predict(layer: keras.layers.Layer, jit: bool, batches: list[Batch]) -> Callable[[int], object]:
    model = served(layer, batches[0])
    model.compile(jit_compile=jit)
    given: list = [{name: _accepted(part) for name, part in batch.items()} for batch in batches]
    if len(batches[0]) == 1:
        given = [next(iter(batch.values())) for batch in given]
    size = len(next(iter(batches[0].values())))
    predict, count = model.predict, len(batches)
    return lambda index: predict(given[index % count], batch_size=size, verbose=0)


def _dtype(part: np.ndarray) -> str:
    return "string" if part.dtype == object else part.dtype.name


def _accepted(part: np.ndarray) -> Any:
    """The same as Keras takes it: texts only as TensorFlow's."""
    return tf.constant(part) if part.dtype == object else part
