"""From a SavedModel and inputs to functions of a number; the device."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfscale.data.encoded import load as load_split


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
SIGNATURE = "serving_default"


@dataclass(frozen=True)
class Calls:
    """Ways to make call number i to its end.

    `fetched` is the call that is timed, its output on the host. `unfetched` leaves the output on
    the device and `copy` only puts a batch there; both are None where Keras does all in one.
    """

    fetched: Callable[[int], object]
    unfetched: Callable[[int], object] | None
    copy: Callable[[int], object] | None


def batches(arrays: str, inputs: int, batch_size: int) -> list[np.ndarray]:
    """Up to 8 distinct batches of the first `inputs` test inputs: float32 images of shape
    (batch_size, S, S, 1) or int32 token ids (batch_size, S)."""
    x = load_split(arrays, "test", min(inputs, MOST_BATCHES * batch_size)).x
    count = min(MOST_BATCHES, len(x) // batch_size)
    return [x[i * batch_size : (i + 1) * batch_size] for i in range(count)]


def load(saved_model: str, axes: dict) -> Any:
    """Load a SavedModel for the path of a cell: as it is, or as a layer for Keras."""
    if axes["path"] == "predict":
        return keras.layers.TFSMLayer(saved_model, call_endpoint=SIGNATURE)
    return tf.saved_model.load(saved_model)


def make_calls(model: Any, axes: dict, batches: list[np.ndarray]) -> Calls:
    """The calls of a cell on a model from `load`; call number i takes batch i modulo their number.

    With `jit` the graph is traced here and compiled by XLA in the first call.
    """
    if axes["path"] == "predict":
        return Calls(_predict(model, axes["jit"], batches), None, None)
    signature = model.signatures[SIGNATURE]
    (name,) = signature.structured_input_signature[1]
    (output,) = signature.structured_outputs
    if axes["jit"]:
        signature = _compiled(signature, name, batches[0])
    count, on_gpu = len(batches), device_type() == "GPU"
    # Everything that a call needs is made before, so that a call is only the call.
    arguments = [{name: tf.constant(batch)} for batch in batches]

    def fetched(index: int) -> np.ndarray:
        return signature(**arguments[index % count])[output].numpy()

    def unfetched(index: int) -> tf.Tensor:
        result = signature(**arguments[index % count])[output]
        if on_gpu:
            tf.test.experimental.sync_devices()
        return result

    def copy(index: int) -> tf.Tensor:
        return tf.constant(batches[index % count])

    return Calls(fetched, unfetched, copy)


def _compiled(signature: Any, name: str, batch: np.ndarray) -> Any:
    """The signature compiled by XLA for the shape of a batch.

    One concrete function, as the signature is: the dispatch of a tf.function between shapes would
    add more Python to a small call than XLA saves.
    """
    compiled = tf.function(lambda **inputs: signature(**inputs), jit_compile=True, autograph=False)
    return compiled.get_concrete_function(**{name: tf.TensorSpec(batch.shape, batch.dtype)})


def _predict(
    layer: keras.layers.Layer, jit: bool, batches: list[np.ndarray]
) -> Callable[[int], object]:
    """The call of `model.predict`: a NumPy batch in, NumPy out, all of Keras in between."""
    size, *shape = batches[0].shape
    inputs = keras.Input(shape, dtype=batches[0].dtype.name)
    (output,) = layer(inputs).values()
    model = keras.Model(inputs, output)
    model.compile(jit_compile=jit)
    predict, count = model.predict, len(batches)
    return lambda index: predict(batches[index % count], batch_size=size, verbose=0)
