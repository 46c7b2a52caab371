"""One visit: a fresh process loads the model, warms up, times calls and reports."""

import json
import platform
import sys
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from time import perf_counter_ns

import tensorflow as tf

from tfscale.timing.calls import Calls, batches, load, make_calls
from tfscale.timing.counters import counters, difference
from tfscale.timing.device import device_peak_bytes, device_type
from tfscale.timing.headline import headline
from tfscale.timing.phases import Phases
from tfscale.timing.quiet import Quiet
from tfscale.timing.timed_block import side_block, time_call


def visit(request: dict) -> dict:
    """Time the cell of a request and return one row of the run, without its axes.

    The request holds saved_model, arrays, inputs, axes and protocol (see `measure`), and where an
    undisturbed machine is to be waited for, reference_s and patience_s. Everything before the
    timed block is timed apart; durations are in ns, one a call, with their phase.
    """
    axes, phases = request["axes"], Phases()
    started = datetime.now(UTC)
    set_threads(axes["threads"])
    quiet = Quiet(request.get("reference_s"), request.get("patience_s", 0.0), axes["threads"])
    quiet.settle()
    before = counters()
    x = batches(request["arrays"], request["inputs"], axes["batch_size"])
    load_start = perf_counter_ns()
    model = phases.peak("load", lambda: load(request["saved_model"], axes))
    load_s = (perf_counter_ns() - load_start) / 1e9
    calls = make_calls(model, axes, x)
    first = phases.peak("first", lambda: time_call(calls.fetched, 0))
    warm, block = headline(calls, first, request, quiet, phases)
    sides = _sides(calls, median(block.timed))
    cpus = sorted(quiet.cpus_used)
    happened = difference(before, counters(), cpus, axes["threads"])
    durations = {
        "first": [first], "warmup": warm, "rewarmed": block.rewarmed,
        "left_out": block.left_out, "timed": block.timed.tolist(),
    } | sides  # fmt: skip
    return {
        "started": started.isoformat(),
        "host": platform.node(),
        "device": device_type(),
        "memory_device_bytes": device_peak_bytes(),
        "affinity": cpus,
        "load_s": load_s,
        "phases": [phase for phase, values in durations.items() for _ in values],
        "durations_ns": [value for values in durations.values() for value in values],
    } | block.facts | phases.peaks | happened  # fmt: skip


def set_threads(threads: int) -> None:
    """Let TensorFlow use `threads` threads in an operation and run one operation at a time."""
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)


def _sides(calls: Calls, call_ns: float) -> dict[str, list[int]]:
    """Short blocks beside the headline: without fetching the output, and the copy of a batch."""
    return {
        "unfetched": side_block(calls.unfetched, call_ns),
        "copy": side_block(calls.copy, 0),
    }


if __name__ == "__main__":
    request_path, answer_path = map(Path, sys.argv[1:])
    answer_path.write_text(json.dumps(visit(json.loads(request_path.read_text()))))
