"""A visit that times blocks of the harness and of a bare loop by turns, in one pinned process."""

import gc
from time import perf_counter_ns

import numpy as np

from bench.loaded_model import LoadedModel, loaded_model
from tfscale.timing.block import collector_off, timed_block


def visit(request: dict) -> dict:
    """Return the medians in ns of `pairs` blocks of each, each block about `block_s` long."""
    model = loaded_model(request)
    calls = max(20, int(request["block_s"] * 1e9 / model.call_ns))
    gc.freeze()  # both collect before a block: not all of TensorFlow's objects each time
    harness, bare = [], []
    for number in range(request["pairs"]):
        if number % 2:
            bare.append(bare_block(model, calls))
            harness.append(harness_block(model, calls))
        else:
            harness.append(harness_block(model, calls))
            bare.append(bare_block(model, calls))
    return {"harness_ns": harness, "bare_ns": bare, "calls": calls}


def harness_block(model: LoadedModel, calls: int) -> float:
    """Median of a timed block as a visit times it."""
    with collector_off():
        return float(np.median(timed_block(model.call, model.call_ns, 0.0, calls)))


def bare_block(model: LoadedModel, calls: int) -> float:
    """Median of the least that can be written: clock, signature, fetch, clock; one batch."""
    signature, output = model.signature, model.output_name
    arguments = {model.input_name: model.batches[0]}
    durations = [0] * calls
    with collector_off():
        for index in range(calls):
            start = perf_counter_ns()
            signature(**arguments)[output].numpy()
            durations[index] = perf_counter_ns() - start
    return float(np.median(durations))
