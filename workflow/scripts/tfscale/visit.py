"""One visit: a fresh process loads the model, warms up, times calls and reports."""

import json
import platform
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from time import perf_counter_ns, process_time_ns
from typing import TypeVar

import tensorflow as tf

from tfscale.calibration import calibrate
from tfscale.calls import Calls, batches, load, make_calls
from tfscale.counters import counters, difference
from tfscale.device import device_peak_bytes, device_type, wait_for_device
from tfscale.memory import peak_bytes, reset_peak
from tfscale.passes import calls_per_pass
from tfscale.pinning import pin
from tfscale.quiet import calibrate_when_quiet
from tfscale.timed_block import SLOW_NS, calls_wanted, side_block, time_call, timed_block, warm_up

T = TypeVar("T")


def visit(request: dict) -> dict:
    """Time the cell of a request and return one row of the run, without its axes.

    The request holds saved_model, arrays, inputs, axes and protocol (see `measure`), and where an
    undisturbed machine is to be waited for, reference_s and patience_s; for calls over 0.03 s it is
    waited for once more before the timed block, as loading and warming up took long. Everything
    before that block is timed apart; durations are in ns, one a call, with their phase.
    """
    axes = request["axes"]
    peaks: dict[str, int | None] = {}
    started = datetime.now(UTC)
    set_threads(axes["threads"])
    cpus = pin(axes["threads"])
    reference_s, patience_s = request.get("reference_s"), request.get("patience_s", 0.0)
    calibration_before_s, waited_s = calibrate_when_quiet(reference_s, patience_s)
    before = counters(cpus)
    x = batches(request["arrays"], request["inputs"], axes["batch_size"])
    load_start = perf_counter_ns()
    model = _peak(peaks, "load", lambda: load(request["saved_model"], axes))
    load_s = (perf_counter_ns() - load_start) / 1e9
    calls = make_calls(model, axes, x)
    first = _peak(peaks, "first", lambda: time_call(calls.fetched, 0))
    warm, settled = _peak(peaks, "warmup", lambda: warm_up(calls.fetched))
    wait_for_device()
    if median(warm) > SLOW_NS:
        again_s, longer_s = calibrate_when_quiet(reference_s, patience_s - waited_s)
        calibration_before_s, waited_s = max(calibration_before_s, again_s), waited_s + longer_s
    cpu_start, wall_start = process_time_ns(), perf_counter_ns()
    timed = _peak(peaks, "timed", lambda: _timed(calls, median(warm), request))
    cpu_share = (process_time_ns() - cpu_start) / (perf_counter_ns() - wall_start)
    wait_for_device()
    calibration_after_s = calibrate()
    sides = _sides(calls, median(warm))
    durations = {"first": [first], "warmup": warm, "timed": timed.tolist()} | sides
    return {
        "started": started.isoformat(),
        "host": platform.node(),
        "device": device_type(),
        "memory_device_bytes": device_peak_bytes(),
        "affinity": cpus,
        "waited_s": waited_s,
        "load_s": load_s,
        "settled": settled,
        "cpu_share": cpu_share,
        "calibration_before_s": calibration_before_s,
        "calibration_after_s": calibration_after_s,
        "phases": [phase for phase, values in durations.items() for _ in values],
        "durations_ns": [value for values in durations.values() for value in values],
    } | peaks | difference(before, counters(cpus))  # fmt: skip


def _peak(peaks: dict, phase: str, task: Callable[[], T]) -> T:
    """The result of a task; its peak resident memory goes into `peaks`."""
    reset_peak()
    result = task()
    peaks[f"memory_{phase}_bytes"] = peak_bytes()
    return result


def set_threads(threads: int) -> None:
    """Let TensorFlow use `threads` threads in an operation and run one operation at a time."""
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)


def _timed(calls: Calls, call_ns: float, request: dict):
    """The timed block of the protocol: short, or the paper's passes of all inputs."""
    protocol, batch_size = request["protocol"], request["axes"]["batch_size"]
    if protocol["protocol"] == "paper":
        wanted = protocol["passes"] * calls_per_pass(request["inputs"], batch_size)
        return timed_block(calls.fetched, call_ns, 0, wanted)
    wanted = calls_wanted(call_ns, protocol["min_calls"])
    shortest = 0.0 if wanted == 1 else protocol["min_time_s"]
    return timed_block(calls.fetched, call_ns, shortest, wanted)


def _sides(calls: Calls, call_ns: float) -> dict[str, list[int]]:
    """Short blocks beside the headline: without fetching the output, and the copy of a batch."""
    return {
        "unfetched": side_block(calls.unfetched, call_ns),
        "copy": side_block(calls.copy, 0),
    }


if __name__ == "__main__":
    request_path, answer_path = map(Path, sys.argv[1:])
    answer_path.write_text(json.dumps(visit(json.loads(request_path.read_text()))))
