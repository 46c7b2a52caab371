"""Studies whose batch sizes follow a law that is known."""

import numpy as np
import pandas as pd

from tfscale.axes import defaults

SIZES = (1, 2, 4, 8, 16, 32, 64, 128)


TRUTHS = {
    "constant": lambda x: 0 * x + 3.0,
    "log": lambda x: 1 + 2 * np.log(x),
    "linear": lambda x: 4 + x,
    "n log n": lambda x: 4 + x * np.log(x),
    "x²": lambda x: 9 + x**2,
    "power": lambda x: 2 * x**0.6,
    "power + c": lambda x: 6 + x**1.5,
    "exponential": lambda x: np.exp(0.03 * x),
    "quadratic": lambda x: 200 + 40 * x - 0.2 * x**2,
}


def study(truth, noise=0.01, seed=0, speeds=(1, 3, 10), sizes=SIZES, visits=6):
    """Cells and visits of one model whose batch sizes follow `truth` at several speeds."""
    rng = np.random.default_rng(seed)
    cells, rows = [], []
    for number, speed in enumerate(speeds):
        for size in sizes:
            seen = 1e-4 * speed * truth(float(size)) * np.exp(noise * rng.standard_normal(visits))
            name = f"mnist_layers{4 + 2 * number}_batch{size}"
            cells.append(
                defaults()
                | {"cell": name, "machine": "m", "model": "mnist", "layers": 4 + 2 * number,
                   "batch_size": size, "conv_size": 3, "input_size": 28,
                   "latency_s": np.median(seen)}
            )  # fmt: skip
            rows += [{"cell": name, "machine": "m", "p50_s": value} for value in seen]
    return pd.DataFrame(cells), pd.DataFrame(rows).assign(disturbed=False)
