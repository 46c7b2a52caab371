"""The files of runs without any timing, for the tests of what reads them."""

from datetime import UTC, datetime
from pathlib import Path

from tfscale.axes import cell_name, defaults
from tfscale.timing import run_file
from tfscale.timing.visit import derived

NAMED = {"model": "mnist", "layers": 4, "batch_size": 1, "conv_size": 3, "input_size": 28}
AXES = NAMED | defaults()
AGAIN = r"delete .* and type the same command again"


def a_run(
    folder,
    started=0,
    environment=None,
    calibration_s=0.02,
    host="h",
    number=1,
    walk="runs",
    so_far=None,
    left_because=None,
    **axes,
) -> str:
    """The path of a new run, in its place under the folder; without visits when a further round
    left its cell."""
    cell = AXES | axes
    visit = {
        "cell": cell_name(cell), **cell, "seed": 1, "round": number, "visit": 1,
        "isolation": "fork", "protocol": "visits", "host": host, "device": "CPU",
        "started": datetime.fromtimestamp(started, UTC), "affinity": [0], "load_average": 0.1,
        "visit_s": 1.0, "load_s": 0.2, "settled": None, "cpu_share": 0.99, "steal_share": None,
        "calibration_before_s": calibration_s, "calibration_after_s": calibration_s,
        "disturbed": False, "disturbed_reason": "", "context_switches_voluntary": 1,
        "context_switches_involuntary": 2, "os_threads": 3, "memory_load_bytes": None,
        "memory_first_bytes": 1, "memory_warmup_bytes": 1, "memory_timed_bytes": 1,
        "phases": ["first", "warmup", "timed", "timed", "timed", "copy"],
        "durations_ns": [9_000, 5_000, 1_000, 2_000, 3_000, 500],
    }  # fmt: skip
    record = {
        "stop_reason": left_because or "precision reached",
        "environment": {"version_tensorflow": "1", "host": host} | (environment or {}),
        "environment_id": str(environment),
        "warnings": [],
        "walk": walk,
        "saved_model_sha256": f"of {cell['layers']} layers",
        "so_far": so_far or {},
        "cell": visit["cell"],
        "round": number,
    }
    path = str(Path(folder, walk, visit["cell"], f"round{number}.parquet"))
    run_file.write(path, [] if left_because else [visit | derived(visit)], record)
    return path
