"""TensorFlow: the serving signature of a SavedModel, as it is or compiled by XLA; the device."""

from dataclasses import replace
from typing import Any

import numpy as np
import tensorflow as tf

from tfscale.models.inputs import SIGNATURE, Batch
from tfscale.runtimes.calls import Calls

PACKAGES = ("tensorflow", "keras")


def load(model: str, axes: dict, batches: list[Batch]) -> Calls:
    """The calls of a SavedModel's signature.

    With `jit` the graph is traced here and compiled by XLA in the first call.
    """
    loaded = tf.saved_model.load(model)
    signature = loaded.signatures[SIGNATURE]
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
        found = signature(**arguments[index % count])
        return [found[name].numpy() for name in sorted(found)]

    def unfetched(index: int) -> object:
        result = signature(**arguments[index % count])
        if on_gpu:
            tf.test.experimental.sync_devices()
        return result

    def copy(index: int) -> list[tf.Tensor]:
        return [tf.constant(part) for part in batches[index % count].values()]

    # a signature alone lets the variables of its model go
    return on_device(Calls(fetched if output else all_fetched, unfetched, copy, kept=loaded))


def set_threads(threads: int) -> None:
    """Let TensorFlow use `threads` threads in an operation and run one operation at a time."""
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)


def on_device(calls: Calls) -> Calls:
    """The calls with what there is to know of TensorFlow's device."""
    return replace(calls, device=device_type(), wait=wait_for_device, peak_bytes=device_peak)


def device_type() -> str:
    """GPU or CPU; starts TensorFlow's devices."""
    return "GPU" if tf.config.list_logical_devices("GPU") else "CPU"


def wait_for_device() -> None:
    """Return when all operations on a GPU have ended; at once on a CPU."""
    if device_type() == "GPU":
        tf.test.experimental.sync_devices()


def device_peak() -> int | None:
    """Peak memory of the GPU so far in bytes; None on a CPU."""
    if device_type() == "CPU":
        return None
    return int(tf.config.experimental.get_memory_info("GPU:0")["peak"])


def _compiled(signature: Any, batch: Batch) -> Any:
    """The signature compiled by XLA for the shapes of a batch.

    One concrete function, as the signature is: the dispatch of a tf.function between shapes would
    add more Python to a small call than XLA saves.
    """
    compiled = tf.function(lambda **inputs: signature(**inputs), jit_compile=True, autograph=False)
    specs = {name: tf.TensorSpec(part.shape, part.dtype) for name, part in batch.items()}
    return compiled.get_concrete_function(**specs)
