"""One visit in a fresh process: a row of a run."""

import json
import platform
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from time import monotonic, perf_counter_ns

import numpy as np
import tensorflow as tf

from tfscale.jobs.processes import must_execute, run_executed, run_forked
from tfscale.timing.block import Phases, headline, side_block, time_call
from tfscale.timing.calls import Calls, batches, device_peak_bytes, device_type, load, make_calls
from tfscale.timing.calm import Quiet
from tfscale.timing.counters import counters, difference


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


QUANTILES = {"p05_s": 0.05, "p50_s": 0.5, "p90_s": 0.9, "p99_s": 0.99}
SIDES = {"unfetched_s": "unfetched", "copy_s": "copy"}


def derived(visit: dict) -> dict:
    """First call, number of calls, quantiles, mean and sum of the timed ones, side blocks (s).

    A side block that was not run is None.
    """
    phases, durations_s = np.array(visit["phases"]), np.array(visit["durations_ns"]) / 1e9
    timed_s = durations_s[phases == "timed"]
    return {
        "first_call_s": float(durations_s[0]),
        "warmup_calls": int((phases == "warmup").sum()),
        "calls": len(timed_s),
        "mean_s": float(timed_s.mean()),
        "timed_s": float(timed_s.sum()),
        "phase": visit["phases"],
    } | {name: float(np.quantile(timed_s, level)) for name, level in QUANTILES.items()} | {
        name: _median(durations_s[phases == phase]) for name, phase in SIDES.items()
    }  # fmt: skip


def _median(values: np.ndarray) -> float | None:
    return float(np.median(values)) if len(values) else None


TASK_LIMIT_S = 120


def apart(task: Callable[[dict], dict], request: dict) -> dict:
    """The answer of a short task that may start threads: in a forked process, so that this one
    can still fork, or right here where visits are no forks anyway."""
    return task(request) if must_execute() else run_forked(task, request, TASK_LIMIT_S)


def fresh_visit(request: dict) -> dict:
    """The answer of a visit with its derived columns, its whole time `visit_s` and its isolation.

    `request["protocol"]` says by isolation how the process is made (always a new interpreter on
    macOS and with a GPU), and by time_limit_s when it is given up. Raises StudyError with
    `request["name"]` in front when the visit fails.
    """
    protocol, name = request["protocol"], request["name"]
    limit_s = protocol["time_limit_s"]
    start = monotonic()
    isolation = "exec" if must_execute() else protocol["isolation"]
    if isolation == "exec":
        answer = run_executed("tfscale.timing.visit", request, limit_s, name)
    else:
        answer = run_forked(visit, request, limit_s, name)
    made = {"visit_s": monotonic() - start, "isolation": isolation}
    return answer | derived(answer) | made


if __name__ == "__main__":
    request_path, answer_path = map(Path, sys.argv[1:])
    answer_path.write_text(json.dumps(visit(json.loads(request_path.read_text()))))
