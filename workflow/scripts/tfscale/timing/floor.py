"""The framework's floor and the machine's roofs."""

import json
import platform
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter_ns

import numpy as np

from tfscale.axes import CALL_AXES
from tfscale.jobs.processes import fresh
from tfscale.jobs.turn import timing_turn
from tfscale.models.saved import inputs_digest
from tfscale.timing.calm import in_turn, places
from tfscale.units import seconds

USUAL = {axis: spec.default for axis, spec in CALL_AXES.items()}
SIDE = 2048
COPIED_BYTES = 2**27
REPEATS = 6


def time_floor(
    facts: list[str], calls: dict[str, list[dict]], protocol: dict, floor: str, roofs: str
) -> str:
    """Write the latency (s) of an identity model for every shape of inputs, batch size and number
    of threads in the study, and the machine's roofs for each number of threads; returns what was
    found in words.

    `facts` are the facts.json of all models; `calls` maps a model's name to the batch sizes and
    threads that it is called with. Nothing is ever subtracted from a latency: the floor stands
    beside it.
    """
    import pandas as pd

    from tfscale.files.parquet import write_parquet

    with timing_turn(), tempfile.TemporaryDirectory(prefix="tfscale-") as folder:
        floors: list[dict] = []
        known: list[dict] = []
        for path in facts:
            about = json.loads(Path(path).read_text(encoding="utf-8"))
            inputs = inputs_digest(about["inputs"])
            place = Path(folder, inputs)
            for call in calls[Path(path).parent.name]:
                key = {"inputs": inputs, **call, "host": platform.node()}
                if key not in known:
                    known.append(key)
                    floors.append(
                        key | {"floor_s": _floor_s(place, about["inputs"], call, protocol)}
                    )
        peaks = [
            {"host": platform.node(), "threads": threads}
            | fresh("tfscale.timing.floor:measure_roofs", {"threads": threads})
            for threads in sorted({row["threads"] for row in floors})
        ]
    write_parquet(floor, pd.DataFrame(floors))
    write_parquet(roofs, pd.DataFrame(peaks))
    low, high = (seconds(best(row["floor_s"] for row in floors)) for best in (min, max))
    lines = [f"the framework's floor: {low} to {high} a call"]
    return "\n".join(
        lines
        + [
            f"the machine's roofs: {row['peak_gflop_per_s']:.0f} GFLOP/s and "
            f"{row['peak_gbyte_per_s']:.1f} GB/s, threads: {row['threads']}"
            for row in peaks
        ]
    )


def _floor_s(path: Path, inputs: dict, call: dict, protocol: dict) -> float:
    """The undisturbed latency (s) of an identity model, which is saved first where it is not."""
    if not path.exists():
        fresh("tfscale.timing.floor:save_identity", {"inputs": inputs, "path": str(path)})
    timed = {
        "cell": {"axes": USUAL | call, "inputs": inputs, "seed": 0},
        "model": str(path),
        "arrays": None,
        "inputs": 0,
        "protocol": protocol | {"protocol": "short"},
    }
    return fresh("tfscale.timing.process:time_cell", timed)["latency_s"]


def measure_roofs(threads: int, side: int = SIDE, copied_bytes: int = COPIED_BYTES) -> dict:
    """The best of 6, the CPUs in turn, after one that is not counted, in this process with so many
    threads and CPUs.

    `peak_gflop_per_s` is that of TensorFlow's float32 product of side x side matrices,
    `peak_gbyte_per_s` that of a copy (read and written bytes). About a second.
    """
    import tensorflow as tf

    from tfscale.runtimes.tensorflow import set_threads

    set_threads(threads)
    groups, matrix = places(threads), tf.ones((side, side))
    source, target = np.ones(copied_bytes, np.uint8), np.empty(copied_bytes, np.uint8)
    product_ns = _best(groups, lambda: tf.matmul(matrix, matrix).numpy())
    return {
        "peak_gflop_per_s": 2 * side**3 / product_ns,
        "peak_gbyte_per_s": 2 * copied_bytes / _best(groups, lambda: np.copyto(target, source)),
    }


def _best(groups: list[list[int]], task: Callable[[], object]) -> int:
    times = []
    for _ in in_turn(groups, REPEATS + 1):
        start = perf_counter_ns()
        task()
        times.append(perf_counter_ns() - start)
    return min(times[1:])


def save_identity(inputs: dict, path: str) -> None:
    """Save a model that returns its inputs, which `models.inputs` describes."""
    import tensorflow as tf

    from tfscale.models.inputs import specs_of

    def serve(**named: tf.Tensor) -> dict[str, tf.Tensor]:
        return {name: tf.identity(value) for name, value in named.items()}

    module = tf.Module()
    module.serve = tf.function(serve)
    signature = module.serve.get_concrete_function(**specs_of(inputs))
    tf.saved_model.save(module, path, signatures={"serving_default": signature})
