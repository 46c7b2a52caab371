"""The framework's floor and the machine's roofs."""

import platform
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter_ns

import numpy as np

from tfscale.axes import defaults
from tfscale.jobs.processes import fresh
from tfscale.jobs.turn import timing_turn
from tfscale.timing.calm import in_turn, places
from tfscale.units import seconds

SIDE = 2048
COPIED_BYTES = 2**27
REPEATS = 6


def time_floor(
    shapes: list[dict], arrays: list[str], protocol: dict, inputs: int, floor: str, roofs: str
) -> str:
    """Write the latency (s) of an identity model for each of `shapes`, and the machine's roofs for
    each number of threads in them; returns what was found in words.

    A shape has model, input_size, batch_size and threads; `arrays` are the encoded data of each,
    in the same order. Nothing is ever subtracted from a latency: the floor stands beside it.
    """
    import pandas as pd

    from tfscale.files.parquet import write_parquet

    with timing_turn(), tempfile.TemporaryDirectory(prefix="tfscale-") as folder:
        floors = []
        for shape, data in zip(shapes, arrays, strict=True):
            path = Path(folder, f"{shape['model']}{shape['input_size']}")
            if not path.exists():
                fresh("tfscale.timing.floor:save_identity", {"arrays": data, "path": str(path)})
            timed = {
                "axes": defaults() | shape,
                "saved_model": str(path),
                "arrays": data,
                "inputs": inputs,
                "protocol": protocol | {"protocol": "short"},
            }
            floor_s = fresh("tfscale.timing.floor:identity_latency", timed)
            floors.append(shape | {"host": platform.node(), "floor_s": floor_s})
        peaks = [
            {"host": platform.node(), "threads": threads}
            | fresh("tfscale.timing.floor:measure_roofs", {"threads": threads})
            for threads in sorted({shape["threads"] for shape in shapes})
        ]
    write_parquet(floor, pd.DataFrame(floors))
    write_parquet(roofs, pd.DataFrame(peaks))
    low, high = (seconds(best(row["floor_s"] for row in floors)) for best in (min, max))
    lines = [f"the framework's floor: {low} to {high} a call"]
    return "\n".join(
        lines
        + [
            f"the machine's roofs: {row['peak_gflop_per_s']:.0f} GFLOP/s and "
            f"{row['peak_gbyte_per_s']:.1f} GB/s with {row['threads']} threads"
            for row in peaks
        ]
    )


def identity_latency(**timed) -> float:
    """The undisturbed latency (s) of an identity model, in this process; see `time_cell`."""
    from tfscale.timing.process import time_cell

    return time_cell(**timed)["latency_s"]


def measure_roofs(threads: int, side: int = SIDE, copied_bytes: int = COPIED_BYTES) -> dict:
    """The best of 6, the CPUs in turn, after one that is not counted, in this process with so many
    threads and CPUs.

    `peak_gflop_per_s` is that of TensorFlow's float32 product of side x side matrices,
    `peak_gbyte_per_s` that of a copy (read and written bytes). About a second.
    """
    import tensorflow as tf

    from tfscale.timing.process import set_threads

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


def save_identity(arrays: str, path: str) -> None:
    """Save a model that returns its input, of the shape and type of the encoded data `arrays`."""
    import tensorflow as tf

    from tfscale.data.encoded import load

    x = load(arrays, "test", 1).x
    signature = tf.TensorSpec((None, *x.shape[1:]), x.dtype, name="x")
    module = tf.Module()
    module.serve = tf.function(lambda x: {"y": tf.identity(x)}, input_signature=[signature])
    tf.saved_model.save(module, path, signatures={"serving_default": module.serve})
