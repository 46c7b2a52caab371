"""One fresh process: it loads a model, warms up, times calls, and is one row of a run."""

import platform
from datetime import UTC, datetime
from statistics import median
from time import monotonic, perf_counter_ns

import numpy as np

from tfscale.axes import OF_TENSORFLOW
from tfscale.errors import StudyError
from tfscale.jobs.limits import Phases
from tfscale.runtimes.calls import batches, module_of
from tfscale.runtimes.tensorflow import set_threads
from tfscale.timing.block import Block, Length, side_block, time_calls, undisturbed_ns
from tfscale.timing.calm import pin
from tfscale.timing.counters import counters, difference, thread_times, working_threads

QUANTILES = {"p05_s": 0.05, "p50_s": 0.5, "p90_s": 0.9, "p99_s": 0.99}


def time_cell(cell: dict, model: str, arrays: str | None, inputs: int, protocol: dict) -> dict:
    """Time the calls of a cell in this process, and return its row of the run's file.

    `cell` holds axes, inputs and seed (see `calls.batches`); `model` is what its runtime loads: a
    SavedModel, or the folder of what was converted; `arrays` are the encoded data, of which the
    first `inputs` test inputs are used (None: inputs are made up); `protocol` is the timing section
    of the configuration. All before the timed block is timed apart. Durations are in ns, a call
    each, with their phase. The process can time no second cell: it is pinned to as many CPUs as the
    cell has threads, and a runtime keeps its number of threads. Raises StudyError where one works
    with more.
    """
    began, started, phases = monotonic(), datetime.now(UTC), Phases()
    axes = cell["axes"]
    cpus = pin(axes["threads"])
    set_threads(axes["threads"])
    before = counters()
    x = batches(cell, arrays, inputs)
    load_start = perf_counter_ns()
    calls = phases.peak("load", lambda: module_of(axes["runtime"]).load(model, axes, x))
    load_s = (perf_counter_ns() - load_start) / 1e9
    length = Length(protocol, axes["batch_size"], inputs)
    earlier = thread_times()
    block = time_calls(calls.fetched, length, phases, calls.wait)
    if axes["runtime"] not in OF_TENSORFLOW:
        _check_threads(axes, working_threads(earlier, thread_times()))
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
            "device": calls.device,
            "affinity": cpus,
            "load_s": load_s,
            "phase": [phase for phase, values in durations.items() for _ in values],
            "durations_ns": [value for values in durations.values() for value in values],
            "memory_device_bytes": calls.peak_bytes(),
            "unfetched_s": _median_s(durations["unfetched"]),
            "copy_s": _median_s(durations["copy"]),
        }
        | _latency(block)
        | phases.peaks
        | difference(before, counters(), cpus)
        | {"process_s": monotonic() - began}
    )


def _check_threads(axes: dict, working: int) -> None:
    """Raise StudyError where a runtime worked with more threads than the cell has: runtimes are
    known to ignore their limit in silence."""
    if working > axes["threads"]:
        raise StudyError(
            f"found that {axes['runtime']} worked with {working} threads where the cell has "
            f"{axes['threads']} (threads): it ignored its limit, so this is another cell's latency"
        )


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
