"""OpenVINO on the CPU, in float32."""

from functools import partial
from pathlib import Path
from typing import Any

from tfscale.models.inputs import Batch
from tfscale.runtimes.calls import Calls, by_places

PACKAGES = ("openvino",)
FILE = "model.xml"


def convert(saved_model: str, folder: str, batch: Batch) -> None:
    """Write the SavedModel as OpenVINO's intermediate representation, its weights unrounded."""
    import openvino

    model = openvino.convert_model(saved_model)
    openvino.save_model(model, str(Path(folder, FILE)), compress_to_fp16=False)


def load(model: str, axes: dict, batches: list[Batch]) -> Calls:
    """The calls of a model that is compiled for the batches' shapes, with as many threads as the
    cell; it neither pins them nor rounds to bfloat16, as it would on some processors."""
    import openvino

    core: Any = openvino.Core()
    network = core.read_model(str(Path(model, FILE)))
    names = {name: _name(network, name) for name in batches[0]}
    network.reshape({names[name]: list(part.shape) for name, part in batches[0].items()})
    compiled = core.compile_model(
        network,
        "CPU",
        {
            "INFERENCE_NUM_THREADS": axes["threads"],
            "NUM_STREAMS": 1,
            "ENABLE_CPU_PINNING": False,
            "INFERENCE_PRECISION_HINT": "f32",
        },
    )
    request = compiled.create_infer_request()
    places = {name: _place(compiled.inputs, names[name]) for name in names}
    outputs = [
        _place(compiled.outputs, name)
        for name in sorted(port.get_any_name() for port in compiled.outputs)
    ]
    # The shortest way that the library has: tensors that share the batches' memory, outputs copied.
    given = [
        [(places[name], openvino.Tensor(part, shared_memory=True)) for name, part in batch.items()]
        for batch in batches
    ]
    run, get = partial(request.infer, share_outputs=True), request.get_output_tensor
    call = by_places(
        request.set_input_tensor, run, lambda place: get(place).data.copy(), given, outputs
    )
    return Calls(call, kept=batches)


def _name(network: Any, name: str) -> str:
    """What OpenVINO calls an input of the signature."""
    known = [one for port in network.inputs for one in port.get_names()]
    return next(
        one for one in known if name in (one, one.rpartition(":")[0], one.split("_", 2)[-1])
    )


def _place(ports: list, name: str) -> int:
    """The place of the input or output of that name."""
    return next(place for place, port in enumerate(ports) if name in port.get_names())
