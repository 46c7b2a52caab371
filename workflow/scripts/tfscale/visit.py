"""One visit: a fresh process loads the model, warms up, times calls and reports."""

import json
import os
import platform
import sys
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from time import perf_counter_ns, process_time_ns

import numpy as np
import tensorflow as tf

from tfscale import calls
from tfscale.passes import calls_per_pass
from tfscale.timed_block import Call, calls_wanted, time_call, timed_block, warm_up


def visit(request: dict) -> dict:
    """Time the cell of a request and return one row of the run, without its axes.

    The request holds saved_model, arrays, inputs, axes and protocol (see `measure`). Phases are
    kept with the raw durations: first call, warm-up, timed.
    """
    axes, protocol = request["axes"], request["protocol"]
    started = datetime.now(UTC)
    cpus = pin(axes["threads"])
    load_average = os.getloadavg()[0]
    batches = calls.batches(request["arrays"], request["inputs"], axes["batch_size"])
    start = perf_counter_ns()
    model = calls.load(request["saved_model"], axes)
    load_ns = perf_counter_ns() - start
    call = calls.make_calls(model, axes, batches).fetched
    first = time_call(call, 0)
    warm, settled = warm_up(call)
    cpu_start, wall_start = process_time_ns(), perf_counter_ns()
    timed = _timed(call, median(warm), protocol, request["inputs"], axes["batch_size"])
    cpu_share = (process_time_ns() - cpu_start) / (perf_counter_ns() - wall_start)
    return {
        "started": started.isoformat(),
        "host": platform.node(),
        "device": tf.config.list_logical_devices()[0].device_type,
        "affinity": cpus,
        "load_average": load_average,
        "load_s": load_ns / 1e9,
        "settled": settled,
        "cpu_share": cpu_share,
        "phases": ["first"] + ["warmup"] * len(warm) + ["timed"] * len(timed),
        "durations_ns": [first, *warm, *timed.tolist()],
    }


def pin(threads: int) -> list[int]:
    """Confine the process to as many CPUs as threads, and TensorFlow to as many threads.

    Returns the CPUs; an empty list where the system cannot pin (macOS) or has too few.
    """
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    if not hasattr(os, "sched_setaffinity"):
        return []
    allowed = sorted(os.sched_getaffinity(0))
    if len(allowed) < threads:
        return []
    cpus = allowed[-threads:]
    os.sched_setaffinity(0, cpus)
    return cpus


def _timed(call: Call, call_ns: float, protocol: dict, inputs: int, batch_size: int) -> np.ndarray:
    """The timed block of the protocol: short, or the paper's passes of all inputs."""
    if protocol["protocol"] == "paper":
        calls = protocol["passes"] * calls_per_pass(inputs, batch_size)
        return timed_block(call, call_ns, 0, calls)
    wanted = calls_wanted(call_ns, protocol["min_calls"])
    shortest = 0.0 if wanted == 1 else protocol["min_time_s"]
    return timed_block(call, call_ns, shortest, wanted)


if __name__ == "__main__":
    request_path, answer_path = map(Path, sys.argv[1:])
    answer_path.write_text(json.dumps(visit(json.loads(request_path.read_text()))))
