"""A visit's model and batches inside a bench's own visit: the one place that knows its inside."""

from dataclasses import dataclass
from statistics import median
from typing import Any

from tfscale.timing.block import Call, warm_up


@dataclass(frozen=True)
class LoadedModel:
    """A pinned, loaded and warm model."""

    call: Call
    batches: list[Any]
    signature: Any
    input_name: str
    output_name: str
    call_ns: float


def loaded_model(request: dict) -> LoadedModel:
    """Do what a visit does up to its timed block."""
    import tensorflow as tf

    from tfscale.timing import calls, visit
    from tfscale.timing.calm import pin

    axes = request["axes"]
    visit.set_threads(axes["threads"])
    pin(axes["threads"])
    model = calls.load(request["saved_model"], axes)
    batches = calls.batches(request["arrays"], request["inputs"], axes["batch_size"])
    constants = [tf.constant(batch) for batch in batches]
    call = calls.make_calls(model, axes, batches).fetched
    signature = model.signatures["serving_default"]
    (input_name,) = signature.structured_input_signature[1]
    (output_name,) = signature.structured_outputs
    warm, _ = warm_up(call)
    return LoadedModel(
        call, constants, _kept(signature, model), input_name, output_name, median(warm)
    )


def _kept(signature: Any, model: Any) -> Any:
    """The signature, holding on to its model (a signature alone lets the variables go)."""
    signature.bench_keeps_model = model
    return signature
