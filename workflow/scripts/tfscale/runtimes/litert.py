"""LiteRT (TensorFlow Lite): the model as a flat buffer."""

from pathlib import Path
from typing import Any

from tfscale.models.inputs import SIGNATURE, Batch
from tfscale.runtimes.calls import Calls, by_places

PACKAGES = ("ai-edge-litert",)
FILE = "model.tflite"


def convert(saved_model: str, folder: str, batch: Batch) -> None:
    """Write the SavedModel as a flat buffer of LiteRT's own operations."""
    import tensorflow as tf

    converter = tf.lite.TFLiteConverter.from_saved_model(saved_model, signature_keys=[SIGNATURE])
    Path(folder, FILE).write_bytes(converter.convert())


def load(model: str, axes: dict, batches: list[Batch]) -> Calls:
    """The calls of an interpreter of the batches' shapes, with as many threads as the cell."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter: Any = Interpreter(str(Path(model, FILE)), num_threads=axes["threads"])
    inputs, outputs = _places(interpreter)
    for name, part in batches[0].items():
        interpreter.resize_tensor_input(inputs[name], part.shape)
    interpreter.allocate_tensors()
    given = [[(inputs[name], part) for name, part in batch.items()] for batch in batches]
    run = interpreter.invoke
    return Calls(by_places(interpreter.set_tensor, run, interpreter.get_tensor, given, outputs))


def _places(interpreter: Any) -> tuple[dict[str, int], list[int]]:
    """Where inputs lie by name, and outputs in the order of their names: the lists of LiteRT itself
    may have another order. (The runner must go before the interpreter may run.)"""
    runner = interpreter.get_signature_runner(SIGNATURE)
    inputs = {name: about["index"] for name, about in runner.get_input_details().items()}
    outputs = [about["index"] for _, about in sorted(runner.get_output_details().items())]
    return inputs, outputs
