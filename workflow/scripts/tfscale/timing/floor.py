"""The framework's floor and the machine's roofs."""

import platform
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter_ns

import numpy as np
import pandas as pd

from tfscale.axes import defaults
from tfscale.files.parquet import write_parquet
from tfscale.timing.calm import in_turn, places
from tfscale.timing.visit import apart, fresh_visit
from tfscale.units import seconds

SIDE = 2048
COPIED_BYTES = 2**27
REPEATS = 6


def measure_roofs(request: dict) -> dict[str, float]:
    """The best of 6, the CPUs in turn, after one that is not counted, in a fresh process with as
    many threads and CPUs as the request says (threads, and perhaps side and copied_bytes).

    `peak_gflop_per_s` is that of TensorFlow's float32 product of side x side matrices,
    `peak_gbyte_per_s` that of a copy (read and written bytes). About a second.
    """
    import tensorflow as tf

    from tfscale.timing.visit import set_threads

    set_threads(request["threads"])
    groups = places(request["threads"])
    side, size = request.get("side", SIDE), request.get("copied_bytes", COPIED_BYTES)
    matrix = tf.ones((side, side))
    source, target = np.ones(size, dtype=np.uint8), np.empty(size, dtype=np.uint8)
    return {
        "peak_gflop_per_s": 2 * side**3 / _best(groups, lambda: tf.matmul(matrix, matrix).numpy()),
        "peak_gbyte_per_s": 2 * size / _best(groups, lambda: np.copyto(target, source)),
    }


def _best(groups: list[list[int]], task: Callable[[], object]) -> int:
    times = []
    for _ in in_turn(groups, REPEATS + 1):
        start = perf_counter_ns()
        task()
        times.append(perf_counter_ns() - start)
    return min(times[1:])


def roofs_table(host: str, roofs: dict[int, dict[str, float]]) -> pd.DataFrame:
    """One row a number of threads: host, threads, peak_gflop_per_s, peak_gbyte_per_s."""
    return pd.DataFrame(
        [{"host": host, "threads": count} | peaks for count, peaks in roofs.items()]
    )


VISITS = 3


def time_floor(
    shapes: list[dict], arrays: list[str], protocol: dict, inputs: int, output: str
) -> str:
    """Write the median latency (s) of an identity model for each of `shapes`; returns a summary.

    A shape has model, input_size, batch_size and threads; `arrays` are the encoded data of each,
    in the same order. Nothing is ever subtracted from a latency: the floor stands beside it.
    """
    rows = []
    with tempfile.TemporaryDirectory(prefix="tfscale-") as folder:
        for shape, data in zip(shapes, arrays, strict=True):
            path = str(Path(folder, f"{shape['model']}{shape['input_size']}"))
            apart(save_identity, {"arrays": data, "path": path})
            request = {
                "name": f"the identity model of {shape['model']}",
                "saved_model": path,
                "arrays": data,
                "inputs": inputs,
                "axes": defaults() | shape,
                "protocol": protocol | {"protocol": "visits"},
            }
            visits = [fresh_visit(request) for _ in range(VISITS)]
            median_s = float(np.median([row["p50_s"] for row in visits]))
            rows.append(shape | {"host": visits[0]["host"], "floor_s": median_s})
    table = pd.DataFrame(rows)
    write_parquet(output, table)
    low, high = table["floor_s"].min(), table["floor_s"].max()
    return f"the framework's floor: {seconds(low)} to {seconds(high)} a call"


def find_roofs(shapes: list[dict], output: str) -> str:
    """Write the machine's roofs for each number of threads of `shapes`; returns a summary."""
    counts = sorted({shape["threads"] for shape in shapes})
    found = {count: apart(measure_roofs, {"threads": count}) for count in counts}
    write_parquet(output, roofs_table(platform.node(), found))
    said = [
        f"{peaks['peak_gflop_per_s']:.0f} GFLOP/s and {peaks['peak_gbyte_per_s']:.1f} GB/s with "
        f"{count} thread{'s' if count > 1 else ''}"
        for count, peaks in found.items()
    ]
    return f"the machine's roofs: {'; '.join(said)}"


def time_machine(
    shapes: list[dict], arrays: list[str], protocol: dict, inputs: int, floor_path: str,
    roofs_path: str,
) -> str:  # fmt: skip
    """Write the floor and the roofs; returns a summary."""
    floor = time_floor(shapes, arrays, protocol, inputs, floor_path)
    return f"{floor}\n{find_roofs(shapes, roofs_path)}"


def save_identity(request: dict) -> dict:
    """Save a model that returns its input, of the shape and type of the data in `arrays`."""
    import tensorflow as tf

    from tfscale.data.encoded import load

    x = load(request["arrays"], "test", 1).x
    signature = tf.TensorSpec((None, *x.shape[1:]), x.dtype, name="x")
    module = tf.Module()
    module.serve = tf.function(lambda x: {"y": tf.identity(x)}, input_signature=[signature])
    tf.saved_model.save(module, request["path"], signatures={"serving_default": module.serve})
    return {}
