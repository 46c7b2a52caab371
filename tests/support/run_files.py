"""The files of runs without any timing, for the tests of what reads them."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from tfscale.axes import cell_name, defaults
from tfscale.study.grid import architecture
from tfscale.timing import run_file

AXES = defaults("mnist") | {
    "model": "mnist",
    "layers": 4,
    "batch_size": 1,
    "conv_size": 3,
    "input_size": 28,
}
AGAIN = r"delete .* and type the same command again"
RECORD = {"warnings": [], "environment": {"version_tensorflow": "1"}}
FIXED = {
    "seed": 1,
    "process": 1,
    "isolation": "fork",
    "protocol": "short",
    "device": "CPU",
    "process_s": 1.0,
    "load_s": 0.2,
    "first_call_s": 9e-6,
    "warmup_calls": 1,
    "unfetched_s": None,
    "copy_s": 5e-7,
    "cpu_share": 0.99,
    "disturbed": False,
    "disturbed_reason": "",
    "affinity": [0],
    "load_average": 0.1,
    "context_switches_voluntary": 1,
    "context_switches_involuntary": 2,
    "os_threads": 3,
    "memory_first_bytes": 1,
    "memory_warmup_bytes": 1,
    "memory_timed_bytes": 1,
}


def a_run(
    folder,
    number=1,
    started=0,
    calibration_s=0.02,
    host="h",
    environment=None,
    calls_ns=None,
    made="",
    **axes,
) -> str:
    """The path of a new run of one process, in its place under the folder; a `model` of another
    family has its defaults and the axes given."""
    own = axes.get("model", AXES["model"]) == AXES["model"]
    cell = (AXES if own else defaults(axes["model"]) | {"batch_size": 1}) | axes
    name = cell_name(cell)
    timed = np.array(calls_ns or [1_000, 2_000, 3_000])
    quantiles = np.quantile(timed, [0.05, 0.5, 0.9, 0.99]) / 1e9
    row = {"cell": name, **cell, **FIXED} | {
        "round": number,
        "host": host,
        "started": datetime.fromtimestamp(started, UTC),
        "calls": len(timed),
        "latency_s": timed.min() / 1e9,
        **dict(zip(("p05_s", "p50_s", "p90_s", "p99_s"), quantiles.tolist(), strict=True)),
        "mean_s": timed.mean() / 1e9,
        "timed_s": timed.sum() / 1e9,
        "calibration_before_s": calibration_s,
        "calibration_after_s": calibration_s,
        "phase": ["first", "warmup", *["timed"] * len(timed), "copy"],
        "durations_ns": [9_000, 5_000, *timed.tolist(), 500],
    }
    record = RECORD | {
        "environment": RECORD["environment"] | {"host": host} | (environment or {}),
        "environment_id": str(environment),
        "saved_model_sha256": digest_of(cell),
        "cell": name,
        "round": number,
        "made": made,
    }
    path = str(Path(folder, "runs", name, f"round{number}.parquet"))
    run_file.write(path, [row], record)
    return path


def digest_of(cell: dict) -> str:
    """What stands for the digest of the SavedModel that a cell's runs timed."""
    return f"of {cell_name(architecture(cell))}"
