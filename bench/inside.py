"""What the benches of timing do in a fresh process: blocks of calls, by turns with other loops."""

import gc
import re
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter_ns
from typing import Any

import numpy as np
import tensorflow as tf

from bench.ratios import Pair, alternated
from tfscale.jobs.limits import Phases
from tfscale.models.inputs import SIGNATURE
from tfscale.runtimes.calls import MOST_BATCHES, batches, module_of
from tfscale.runtimes.tensorflow import set_threads
from tfscale.timing.block import (
    Call,
    Length,
    collector_off,
    time_calls,
    timed_block,
    undisturbed_ns,
    warm_up,
)
from tfscale.timing.calm import pin

NS = 10**9
WARM_S, FEWEST_CALLS = 0.02, 5
HEADROOM = 0.5
MEDIAN = re.compile(r"50\.00 percentile latency \(ns\)\s*:\s*(\d+)")


def spins(spins_s: list[float], protocol: dict) -> list[float]:
    """The latencies (s) that a process reports of calls that spin for known times, on one CPU."""
    pin(1)

    def reported_s(spin_ns: int) -> float:
        def call(index: int) -> None:
            end = perf_counter_ns() + spin_ns
            while perf_counter_ns() < end:
                pass

        return undisturbed_ns(time_calls(call, Length(protocol, 1, 1), Phases()).timed) / NS

    return [reported_s(round(NS * spin_s)) for spin_s in spins_s]


@dataclass(frozen=True)
class Ready:
    """A loaded and warm model in a pinned process: its call and the seconds of one."""

    call: Call
    call_s: float

    def block_ns(self, shortest_s: float, fewest: int) -> np.ndarray:
        """The calls (ns) of a timed block."""
        return timed_block(self.call, NS * self.call_s, shortest_s, fewest)


def ready(cell: dict, model: str, arrays: str | None, inputs: int, protocol: dict) -> Ready:
    """Do what a process does up to its timed block."""
    axes = cell["axes"]
    pin(axes["threads"])
    set_threads(axes["threads"])
    given = batches(cell, arrays, inputs)
    call = module_of(axes["runtime"]).load(model, axes, given).fetched
    return Ready(call, median(warm_up(call)[0]) / NS)


def overhead(request: dict, count: int, block_s: float) -> list[Pair]:
    """Latencies (s) of blocks as a process times them, and of a bare loop, by turns.

    The bare loop is the least that can be written with the runtime's own library: clock, call,
    fetch, clock; one batch.
    """
    model, axes = ready(**request), request["cell"]["axes"]
    first = batches(request["cell"], request["arrays"], request["inputs"])[0]
    bare = BARE[axes["runtime"]](request["model"], axes["threads"], first)
    warm_up(lambda index: bare())
    block = max(20, int(block_s / model.call_s))
    gc.freeze()  # both collect before a block: not all of TensorFlow's objects each time

    def bare_loop() -> float:
        durations = [0] * block
        with collector_off():
            for index in range(block):
                start = perf_counter_ns()
                bare()
                durations[index] = perf_counter_ns() - start
        return undisturbed_ns(np.array(durations)) / NS

    def ours() -> float:
        return undisturbed_ns(model.block_ns(0.0, block)) / NS

    return alternated(count, ours, bare_loop)


def _bare_tensorflow(model: str, threads: int, batch: dict) -> Callable[[], object]:
    loaded = tf.saved_model.load(model)
    signature = loaded.signatures[SIGNATURE]
    (output,) = signature.structured_outputs
    tensors = {name: tf.constant(part) for name, part in batch.items()}

    def call(kept: object = loaded) -> object:
        """A signature alone lets its model's variables go."""
        return signature(**tensors)[output].numpy()

    return call


def _bare_onnxruntime(model: str, threads: int, batch: dict) -> Callable[[], object]:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    session = onnxruntime.InferenceSession(f"{model}/model.onnx", options)
    return lambda: session.run(None, batch)


def _bare_litert(model: str, threads: int, batch: dict) -> Callable[[], object]:
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(f"{model}/model.tflite", num_threads=threads)
    ((place,), (output,)) = (
        [one["index"] for one in details]
        for details in (interpreter.get_input_details(), interpreter.get_output_details())
    )
    (values,) = batch.values()
    interpreter.resize_tensor_input(place, values.shape)
    interpreter.allocate_tensors()

    def call() -> object:
        interpreter.set_tensor(place, values)
        interpreter.invoke()
        return interpreter.get_tensor(output)

    return call


def _bare_openvino(model: str, threads: int, batch: dict) -> Callable[[], object]:
    import openvino

    (values,) = batch.values()
    network = openvino.Core().read_model(f"{model}/model.xml")
    network.reshape(list(values.shape))
    settings: dict[str, Any] = {"INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 1}
    settings |= {"ENABLE_CPU_PINNING": False, "INFERENCE_PRECISION_HINT": "f32"}
    compiled = openvino.compile_model(network, "CPU", settings)
    request, tensor = compiled.create_infer_request(), openvino.Tensor(values, shared_memory=True)

    def call() -> object:
        request.set_input_tensor(tensor)
        request.infer(share_outputs=True)
        return request.get_output_tensor().data.copy()

    return call


BARE = {
    "tensorflow": _bare_tensorflow,
    "onnxruntime": _bare_onnxruntime,
    "litert": _bare_litert,
    "openvino": _bare_openvino,
}


def loadgen(request: dict, count: int, block_s: float) -> list[Pair]:
    """Medians (s) of short blocks of ours and of MLCommons LoadGen (SingleStream, a query is a
    batch), by turns; calls before each block warm it."""
    model = ready(**request)

    def ours_s() -> float:
        model.block_ns(WARM_S, 1)
        return float(np.median(model.block_ns(block_s, FEWEST_CALLS))) / NS

    def theirs_s() -> float:
        model.block_ns(WARM_S, 1)
        return loadgen_s(model, block_s, FEWEST_CALLS)

    return alternated(count, ours_s, theirs_s)


def loadgen_s(model: Ready, shortest_s: float, fewest: int) -> float:
    """The median (s) of one LoadGen test of at least so many seconds and calls."""
    import mlperf_loadgen

    def issue(samples: list) -> None:
        for sample in samples:
            model.call(sample.index)
            answer = mlperf_loadgen.QuerySampleResponse(sample.id, 0, 0)
            mlperf_loadgen.QuerySamplesComplete([answer])

    settings = mlperf_loadgen.TestSettings()
    settings.scenario = mlperf_loadgen.TestScenario.SingleStream
    settings.mode = mlperf_loadgen.TestMode.PerformanceOnly
    settings.min_duration_ms = int(1000 * shortest_s)
    settings.min_query_count = fewest
    settings.single_stream_expected_latency_ns = max(1, int(HEADROOM * NS * model.call_s))
    logs = mlperf_loadgen.LogSettings()
    logs.log_output.copy_summary_to_stdout = False
    logs.enable_trace = False
    system = mlperf_loadgen.ConstructSUT(issue, lambda: None)
    count = MOST_BATCHES
    library = mlperf_loadgen.ConstructQSL(count, count, lambda samples: None, lambda samples: None)
    with tempfile.TemporaryDirectory(prefix="tfscale-") as folder:
        logs.log_output.outdir = folder
        mlperf_loadgen.StartTestWithLogSettings(system, library, settings, logs)
        summary = Path(folder, "mlperf_log_summary.txt").read_text()
    mlperf_loadgen.DestroyQSL(library)
    mlperf_loadgen.DestroySUT(system)
    return loadgen_median_ns(summary) / NS


def loadgen_median_ns(summary: str) -> int:
    """The median in LoadGen's summary."""
    found = MEDIAN.search(summary)
    if not found:
        raise ValueError(f"no median in LoadGen's summary: {summary[-500:]}")
    return int(found[1])
