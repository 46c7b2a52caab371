"""Convert a SavedModel for another runtime, and compare what both give."""

import json
from pathlib import Path

import numpy as np

from tfscale.errors import reason
from tfscale.files.whole import write_text
from tfscale.models.saved import read_facts
from tfscale.runtimes.calls import batches, module_of
from tfscale.runtimes.tensorflow import set_threads

EXAMPLES = 8
"""Examples whose outputs are compared."""
LARGEST_DIFFERENCE = 0.01
"""Relative to the largest output: a runtime that gives another answer is not timed."""


def convert(inputs: dict, outputs: dict, axes: dict, runtime: str, seed: int) -> str:
    """Write the model of a runtime to the folder `model`, and to the JSON file `told` how far its
    outputs are from the SavedModel's on the same inputs (absolute, and relative to the largest
    output), or the `reason` why there is none; returns that in words.

    `inputs` are the files facts, saved_model and arrays (empty: inputs are made up).
    """
    Path(outputs["model"]).mkdir(parents=True, exist_ok=True)
    try:
        found = _converted(inputs, outputs["model"], axes, runtime, seed)
    except (ImportError, OSError, MemoryError):  # of this machine, not of the model: try again
        raise
    except Exception as error:  # whatever else a converter or a runtime raises is its answer
        found = {"reason": reason(error)}
    write_text(outputs["told"], json.dumps(found, indent=1))
    named = f"{Path(outputs['model']).parent.name}, {runtime}"
    if "reason" in found:
        return f"{named}: not convertible: {found['reason']}"
    return f"{named}: its outputs differ by at most {found['relative']:.1g} of the largest"


def _converted(inputs: dict, folder: str, axes: dict, runtime: str, seed: int) -> dict:
    call = {"batch_size": EXAMPLES, "threads": 1, "jit": False}
    cell = {"axes": axes | call, "inputs": read_facts(inputs["facts"])["inputs"], "seed": seed}
    given = batches(cell, inputs["arrays"] or None, EXAMPLES)[:1]
    set_threads(1)  # before anything starts TensorFlow
    module_of(runtime).convert(inputs["saved_model"], folder, given[0])

    def outputs_of(runtime: str, model: str) -> list[np.ndarray]:
        found = module_of(runtime).load(model, cell["axes"], given).fetched(0)
        return found if isinstance(found, list) else [np.asarray(found)]

    pairs = zip(
        outputs_of("tensorflow", inputs["saved_model"]), outputs_of(runtime, folder), strict=True
    )
    absolute, largest = 0.0, 0.0
    for ours, theirs in pairs:
        if ours.shape != theirs.shape:
            raise ValueError(f"its output has the shape {theirs.shape}, not {ours.shape}")
        ours, theirs = ours.astype(float), theirs.astype(float)
        absolute = max(absolute, float(np.abs(ours - theirs).max(initial=0.0)))
        largest = max(largest, float(np.abs(ours).max(initial=0.0)))
    relative = absolute / largest if largest else absolute
    if not relative <= LARGEST_DIFFERENCE:
        raise ValueError(f"its outputs differ by {relative:.2g} of the largest")
    return {"absolute": absolute, "relative": relative}
