"""Where the time goes by the work model, against the layers of a network timed one by one."""

from collections import defaultdict
from time import perf_counter

import numpy as np
import pandas as pd

from bench.options import Options
from bench.outcome import Outcome, percent, share_at_most
from bench.text_table import text_table
from tfscale.analysis.work_model import TERMS, design, fit_work, timed
from tfscale.study.architecture import Layer, layers_of

TITLE = "Shares of a call's time: by the work model, and by timing every layer alone"
RANKS = (0.8, 1.0)
"""Of the work a call: in small calls a layer alone is mostly the overhead of its own call."""
TIMES, LIMIT, VOCABULARY = 3, 0.15, 20_000
LEAST = 0.03
"""A smaller share is not listed."""


def bench(options: Options) -> list[Outcome]:
    """The largest difference between the shares of any operation in two large cells a model."""
    rows = []
    for model, cells in options.study.cells.groupby("model"):
        modelled = _modelled(cells.reset_index(drop=True))
        for cell in dict.fromkeys(options.study.pick(str(model), rank) for rank in RANKS):
            seconds = layer_seconds(options.study.axes(cell))
            total = sum(seconds.values())
            for operation in sorted({*seconds, *modelled.columns}):
                measured = seconds.get(operation, 0.0) / total
                fitted = float(modelled.loc[cell].get(operation, 0.0))
                rows.append((cell, operation, fitted, measured))
    shown = [(cell, what, percent(a), percent(b)) for cell, what, a, b in rows if max(a, b) > LEAST]
    print(text_table(["cell", "operation", "work model", "layers alone"], shown))
    worst = max(abs(fitted - measured) for *_, fitted, measured in rows)
    return [share_at_most("largest difference of an operation's share", worst, LIMIT)]


def _modelled(cells: pd.DataFrame) -> pd.DataFrame:
    """The share of each operation in each cell's fitted time."""
    cells = cells.assign(called_batch=cells["batch_size"])
    table = timed(cells)
    parts = pd.DataFrame(design(table) * fit_work(table).costs, index=table["cell"])
    parts.columns = pd.Index([term.operation for term in TERMS.values()])
    by_operation = parts.T.groupby(level=0).sum().T
    return by_operation.div(by_operation.sum(axis=1), axis=0)


def layer_seconds(axes: dict) -> dict[str, float]:
    """Seconds of each kind of operation in one call of an untrained network, each layer a function
    of its own: the least of a few."""
    import tensorflow as tf

    from tfscale.models.networks import build
    from tfscale.timing.visit import set_threads

    set_threads(axes["threads"])
    layers = layers_of(axes)
    network = build(layers, VOCABULARY, 0.0, axes["precision"])
    shape = (axes["batch_size"], *layers[0].output)
    text = layers[1].kind == "embedding"
    tensor = tf.constant(np.ones(shape, np.int32 if text else np.float32))
    found: defaultdict[str, float] = defaultdict(float)
    for layer, made in zip(layers[1:], network.layers[1:], strict=False):
        function = tf.function(made)
        result = function(tensor)
        taken_s = []
        for _ in range(TIMES):
            start = perf_counter()
            result = function(tensor)
            result.numpy()
            taken_s.append(perf_counter() - start)
        found[_operation(layer)] += min(taken_s)
        tensor = result
    return dict(found)


def _operation(layer: Layer) -> str:
    return f"conv_{layer.role}" if layer.kind == "conv" else layer.kind
