"""One fresh process: it loads a model, warms up, times calls, and is one row of a run."""

import platform
from datetime import UTC, datetime
from statistics import median
from time import monotonic, perf_counter_ns

import numpy as np
import tensorflow as tf

from tfscale.jobs.limits import Phases
from tfscale.timing.block import Block, Length, side_block, time_calls, undisturbed_ns
from tfscale.timing.calls import batches, device_peak_bytes, device_type, load, make_calls
from tfscale.timing.calm import pin
from tfscale.timing.counters import counters, difference

QUANTILES = {"p05_s": 0.05, "p50_s": 0.5, "p90_s": 0.9, "p99_s": 0.99}


def time_cell(
    cell: dict, saved_model: str, arrays: str | None, inputs: int, protocol: dict
) -> dict:
    """Time the calls of a cell in this process, and return its row of the run's file.

    `cell` holds axes, inputs and seed (see `calls.batches`); `arrays` are the encoded data, of
    which the first `inputs` test inputs are used (None: inputs are made up); `protocol` is the
    timing section of the configuration. All before the timed block is timed apart. Durations are in
    ns, a call each, with their phase. The process can time no second cell: it is pinned to as many
    CPUs as the cell has threads, and TensorFlow keeps its number of threads.
    """
    began, started, phases = monotonic(), datetime.now(UTC), Phases()
    axes = cell["axes"]
    cpus = pin(axes["threads"])
    set_threads(axes["threads"])
    before = counters()
    x = batches(cell, arrays, inputs)
    load_start = perf_counter_ns()
    model = phases.peak("load", lambda: load(saved_model, axes))
    load_s = (perf_counter_ns() - load_start) / 1e9
    calls = make_calls(model, axes, x)
    block = time_calls(calls.fetched, Length(protocol, axes["batch_size"], inputs), phases)
    call_ns = median(block.timed)
    durations = {
        "first": [block.first],
        "warmup": block.warmup,
        "timed": block.timed.tolist(),
        "unfetched": side_block(calls.unfetched, call_ns),
        "copy": side_block(calls.copy, 0),
    }
    return (
        {
            "started": started.isoformat(),
            "host": platform.node(),
            "device": device_type(),
            "affinity": cpus,
            "load_s": load_s,
            "phase": [phase for phase, values in durations.items() for _ in values],
            "durations_ns": [value for values in durations.values() for value in values],
            "memory_device_bytes": device_peak_bytes(),
            "unfetched_s": _median_s(durations["unfetched"]),
            "copy_s": _median_s(durations["copy"]),
        }
        | _latency(block)
        | phases.peaks
        | difference(before, counters(), cpus, axes["threads"])
        | {"process_s": monotonic() - began}
    )


def set_threads(threads: int) -> None:
    """Let TensorFlow use `threads` threads in an operation and run one operation at a time."""
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)


def _latency(block: Block) -> dict:
    """What the timed calls say: the two latencies, quantiles, mean and sum (s), and signs of
    disturbance."""
    timed_s = block.timed / 1e9
    return {
        "first_call_s": block.first / 1e9,
        "warmup_calls": len(block.warmup),
        "settled": block.settled,
        "calls": len(timed_s),
        "latency_s": undisturbed_ns(block.timed) / 1e9,
        "mean_s": float(timed_s.mean()),
        "timed_s": float(timed_s.sum()),
        "cpu_share": block.cpu_share,
        "calibration_before_s": block.calibration_before_s,
        "calibration_after_s": block.calibration_after_s,
    } | {name: float(np.quantile(timed_s, level)) for name, level in QUANTILES.items()}


def _median_s(durations_ns: list[int]) -> float | None:
    return median(durations_ns) / 1e9 if durations_ns else None
