"""The machine's roofs: what one large matrix product and one large copy reach a second."""

from collections.abc import Callable
from time import perf_counter_ns

import numpy as np
import pandas as pd

from tfscale.timing.pinning import in_turn, places

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
