"""From a SavedModel and inputs to functions of a number; the device."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfscale.data.encoded import load as load_split
from tfscale.errors import StudyError
from tfscale.models.inputs import SIGNATURE, Batch, by_name, made_up


def device_type() -> str:
    """GPU or CPU; starts TensorFlow's devices."""
    import tensorflow as tf

    return "GPU" if tf.config.list_logical_devices("GPU") else "CPU"


def wait_for_device() -> None:
    """Return when all operations on a GPU have ended; at once on a CPU."""
    import tensorflow as tf

    if device_type() == "GPU":
        tf.test.experimental.sync_devices()


def device_peak_bytes() -> int | None:
    """Peak memory of the GPU so far; None on a CPU."""
    import tensorflow as tf

    if device_type() == "CPU":
        return None
    return int(tf.config.experimental.get_memory_info("GPU:0")["peak"])


MOST_BATCHES = 8


@dataclass(frozen=True)
class Calls:
    """Ways to make call number i to its end.

    `fetched` is the call that is timed, its outputs on the host. `unfetched` leaves the outputs on
    the device and `copy` only puts a batch there; both are None where Keras does all in one.
    """

    fetched: Callable[[int], object]
    unfetched: Callable[[int], object] | None
    copy: Callable[[int], object] | None


def batches(cell: dict, arrays: str | None, most: int) -> list[Batch]:
    """Up to 8 distinct batches of a model's inputs: of the first `most` test inputs in the file
    `arrays`, or made up where there is none.

    `cell` holds axes, inputs (see `models.inputs`) and seed.
    """
    inputs, size = cell["inputs"], cell["axes"]["batch_size"]
    if not arrays:
        return made_up(inputs, size, MOST_BATCHES, cell["seed"])
    x = by_name(inputs, load_split(arrays, "test", min(most, MOST_BATCHES * size)).x)
    there = len(next(iter(x.values())))
    if there < size:
        raise StudyError(f"batch_size {size} is larger than the {there} test inputs of its data")
    return [
        {name: part[i * size : (i + 1) * size] for name, part in x.items()}
        for i in range(min(MOST_BATCHES, there // size))
    ]


class Served(keras.layers.TFSMLayer):
    """A SavedModel as a layer; several inputs come by name, which Keras' own layer cannot."""

    def call(self, inputs: Any, training: bool = False) -> Any:
        """The outputs of the signature."""
        if isinstance(inputs, dict):
            return self.call_endpoint_fn(**inputs)
        return super().call(inputs, training)


def load(saved_model: str, axes: dict) -> Any:
    """Load a SavedModel for the path of a cell: as it is, or as a layer for Keras."""
    if axes["path"] == "predict":
        return Served(saved_model, call_endpoint=SIGNATURE)
    return tf.saved_model.load(saved_model)


def make_calls(model: Any, axes: dict, batches: list[Batch]) -> Calls:
    """The calls of a cell on a model from `load`; call number i takes batch i modulo their number.

    With `jit` the graph is traced here and compiled by XLA in the first call.
    """
    if axes["path"] == "predict":
        return Calls(_predict(model, axes["jit"], batches), None, None)
    signature = model.signatures[SIGNATURE]
    outputs = list(signature.structured_outputs)
    if axes["jit"]:
        signature = _compiled(signature, batches[0])
    count, on_gpu = len(batches), device_type() == "GPU"
    # Everything that a call needs is made before, so that a call is only the call.
    arguments = [{name: tf.constant(part) for name, part in batch.items()} for batch in batches]
    (output,) = outputs if len(outputs) == 1 else ("",)

    def fetched(index: int) -> np.ndarray:
        return signature(**arguments[index % count])[output].numpy()

    def all_fetched(index: int) -> list[np.ndarray]:
        return [part.numpy() for part in signature(**arguments[index % count]).values()]

    def unfetched(index: int) -> object:
        result = signature(**arguments[index % count])
        if on_gpu:
            tf.test.experimental.sync_devices()
        return result

    def copy(index: int) -> list[tf.Tensor]:
        return [tf.constant(part) for part in batches[index % count].values()]

    return Calls(fetched if output else all_fetched, unfetched, copy)


def _compiled(signature: Any, batch: Batch) -> Any:
    """The signature compiled by XLA for the shapes of a batch.

    One concrete function, as the signature is: the dispatch of a tf.function between shapes would
    add more Python to a small call than XLA saves.
    """
    compiled = tf.function(lambda **inputs: signature(**inputs), jit_compile=True, autograph=False)
    specs = {name: tf.TensorSpec(part.shape, part.dtype) for name, part in batch.items()}
    return compiled.get_concrete_function(**specs)


def _predict(layer: keras.layers.Layer, jit: bool, batches: list[Batch]) -> Callable[[int], object]:
    """The call of `model.predict`: NumPy batches in, NumPy out, all of Keras in between."""
    first = batches[0]
    if whole := [name for name, part in first.items() if not part.shape]:
        raise StudyError(f"model.predict takes batches only, and {whole[0]} is one number for all")
    size = len(next(iter(first.values())))
    tensors = {
        name: keras.Input(part.shape[1:], dtype=_dtype(part), name=name)
        for name, part in first.items()
    }
    inputs: Any = tensors
    given: list = [{name: _accepted(part) for name, part in batch.items()} for batch in batches]
    if len(tensors) == 1:  # Keras maps an only input without its name
        inputs = next(iter(tensors.values()))
        given = [next(iter(batch.values())) for batch in given]
    outputs = layer(inputs)
    parts = list(outputs.values()) if isinstance(outputs, dict) else [outputs]
    model = keras.Model(inputs, parts[0] if len(parts) == 1 else outputs)
    model.compile(jit_compile=jit)
    predict, count = model.predict, len(batches)
    return lambda index: predict(given[index % count], batch_size=size, verbose=0)


def _dtype(part: np.ndarray) -> str:
    return "string" if part.dtype == object else part.dtype.name


def _accepted(part: np.ndarray) -> Any:
    """The same as Keras takes it: texts only as TensorFlow's."""
    return tf.constant(part) if part.dtype == object else part
