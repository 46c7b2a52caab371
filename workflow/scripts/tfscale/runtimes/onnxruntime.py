"""ONNX Runtime: the model as ONNX, converted by Keras' export."""

from pathlib import Path
from typing import Any

from tfscale.models.inputs import SIGNATURE, Batch
from tfscale.runtimes.calls import Calls

PACKAGES = ("onnxruntime", "onnx", "tf2onnx")
FILE = "model.onnx"


def convert(saved_model: str, folder: str, batch: Batch) -> None:
    """Write the SavedModel as ONNX, for batches of any size."""
    from tfscale.runtimes.predict import Served, served

    model = served(Served(saved_model, call_endpoint=SIGNATURE), batch)
    model(batch if len(batch) > 1 else next(iter(batch.values())))  # Keras exports what was called
    model.export(str(Path(folder, FILE)), format="onnx", verbose=False)


def load(model: str, axes: dict, batches: list[Batch]) -> Calls:
    """The calls of a session whose pool has as many threads as the cell."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = axes["threads"]
    options.inter_op_num_threads = 1
    session: Any = onnxruntime.InferenceSession(
        str(Path(model, FILE)), options, providers=["CPUExecutionProvider"]
    )
    outputs = sorted(output.name for output in session.get_outputs())
    run, count = session.run, len(batches)
    if len(outputs) == 1:
        return Calls(lambda index: run(outputs, batches[index % count])[0])
    return Calls(lambda index: run(outputs, batches[index % count]))
