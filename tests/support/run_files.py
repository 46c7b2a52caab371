"""The files of runs without any timing, for the tests of what reads them."""

from datetime import UTC, datetime
from pathlib import Path

from tfscale.axes import cell_name, defaults
from tfscale.timing import run_file

NAMED = {"model": "mnist", "layers": 4, "batch_size": 1, "conv_size": 3, "input_size": 28}
AXES = NAMED | defaults()
AGAIN = r"delete .* and type the same command again"


def a_run(
    folder, started=0, environment=None, calibration_s=0.02, host="h", number=1, **axes
) -> str:
    """The path of a new run, in its place under the folder: one process of three timed calls."""
    cell = AXES | axes
    row = {
        "cell": cell_name(cell),
        **cell,
        "seed": 1,
        "round": number,
        "process": 1,
        "isolation": "fork",
        "protocol": "short",
        "host": host,
        "device": "CPU",
        "started": datetime.fromtimestamp(started, UTC),
        "process_s": 1.0,
        "load_s": 0.2,
        "first_call_s": 9e-6,
        "warmup_calls": 1,
        "settled": None,
        "calls": 3,
        "latency_s": 2e-6,
        "p05_s": 1.1e-6,
        "p50_s": 2e-6,
        "p90_s": 2.8e-6,
        "p99_s": 3e-6,
        "mean_s": 2e-6,
        "timed_s": 6e-6,
        "unfetched_s": None,
        "copy_s": 5e-7,
        "cpu_share": 0.99,
        "calibration_before_s": calibration_s,
        "calibration_after_s": calibration_s,
        "disturbed": False,
        "disturbed_reason": "",
        "affinity": [0],
        "load_average": 0.1,
        "steal_share": None,
        "other_busy_share": None,
        "context_switches_voluntary": 1,
        "context_switches_involuntary": 2,
        "os_threads": 3,
        "memory_first_bytes": 1,
        "memory_warmup_bytes": 1,
        "memory_timed_bytes": 1,
        "phase": ["first", "warmup", "timed", "timed", "timed", "copy"],
        "durations_ns": [9_000, 5_000, 1_000, 2_000, 3_000, 500],
    }
    record = {
        "environment": {"version_tensorflow": "1", "host": host} | (environment or {}),
        "environment_id": str(environment),
        "warnings": [],
        "saved_model_sha256": f"of {cell['layers']} layers",
        "cell": row["cell"],
        "round": number,
    }
    path = str(Path(folder, "runs", row["cell"], f"round{number}.parquet"))
    run_file.write(path, [row], record)
    return path
