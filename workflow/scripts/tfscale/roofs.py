"""The machine's roofs: what one large matrix product and one large copy reach a second."""

from time import perf_counter_ns

import numpy as np
import pandas as pd

SIDE = 2048
COPIED_BYTES = 2**27
REPEATS = 5


def measure_roofs(side: int = SIDE, copied_bytes: int = COPIED_BYTES) -> dict[str, float]:
    """`peak_gflop_per_s` of a float32 product of side x side matrices and `peak_gbyte_per_s` of a
    copy (read and written bytes), each the best of 5 after a first one that is not counted.

    Runs in as many threads as the process may use for BLAS; under a second at the defaults.
    """
    matrix = np.ones((side, side), dtype=np.float32)
    product = np.empty_like(matrix)
    source = np.ones(copied_bytes, dtype=np.uint8)
    target = np.empty_like(source)
    product_ns = _best(lambda: np.matmul(matrix, matrix, out=product))
    copy_ns = _best(lambda: np.copyto(target, source))
    return {
        "peak_gflop_per_s": 2 * side**3 / product_ns,
        "peak_gbyte_per_s": 2 * copied_bytes / copy_ns,
    }


def _best(task) -> int:
    times = []
    for _ in range(REPEATS + 1):
        start = perf_counter_ns()
        task()
        times.append(perf_counter_ns() - start)
    return min(times[1:])


def roofs_table(machine: str, threads: int, roofs: dict[str, float]) -> pd.DataFrame:
    """One row: machine, threads, peak_gflop_per_s, peak_gbyte_per_s."""
    return pd.DataFrame([{"machine": machine, "threads": threads} | roofs])
