"""FLOP, bytes, operations and training budget of a network, on paper.

Counted as TensorFlow's profiler counts: a multiply-add is two operations, a bias or an
activation one an element, a pool one an element of its window.
"""

from dataclasses import dataclass
from math import ceil, prod

from tfscale.study.architecture import Layer, layers_of, parameters

NUMBER_BYTES = {"float32": 4, "bfloat16": 2}
INPUT_BYTES = 4
"""Images come as float32 and token ids as int32 at every precision."""
BACKWARD_FACTOR = 3
"""Training costs about three forward passes an example (Kaplan et al. 2020, section 2.1)."""


def flop_by_kind(layers: list[Layer]) -> dict[str, int]:
    """FLOP of one example's forward pass, keyed by kind of operation."""
    total = {"conv_first": 0, "conv_square": 0, "conv_full_span": 0, "pool": 0, "dense": 0}
    for layer in layers:
        if layer.kind == "conv":
            total[f"conv_{layer.role}"] += _affine(layer, prod(layer.window) * layer.input[-1])
        elif layer.kind == "dense":
            total["dense"] += _affine(layer, layer.input[-1])
        elif layer.kind == "pool":
            total["pool"] += prod(layer.output) * prod(layer.window)
    return total


def _affine(layer: Layer, terms: int) -> int:
    """Multiply-adds of `terms` inputs an output, plus its bias."""
    return prod(layer.output) * (2 * terms + 1)


def flop_per_example(layers: list[Layer]) -> int:
    """FLOP of one example's forward pass."""
    return sum(flop_by_kind(layers).values())


def training_flop_per_example(layers: list[Layer]) -> int:
    """FLOP of one example's training step: forward and backward."""
    return BACKWARD_FACTOR * flop_per_example(layers)


def weight_bytes(layers: list[Layer], vocabulary: int, precision: str = "float32") -> int:
    """Bytes of all weights."""
    return NUMBER_BYTES[precision] * parameters(layers, vocabulary)


def activation_bytes(layers: list[Layer], precision: str = "float32") -> int:
    """Bytes of all layer outputs of one example, its input among them."""
    numbers = sum(prod(layer.output) for layer in layers[1:])
    return INPUT_BYTES * prod(layers[0].output) + NUMBER_BYTES[precision] * numbers


MOVED = ("conv_first", "conv_square", "conv_full_span", "pool", "embedding")
"""The kinds of operation whose traffic is counted; dense layers move next to nothing."""
LAST_CACHE = 32 << 20
"""Bytes of a usual last cache, of one socket or core complex."""
IDLE = ("input", "dropout")
"""The kinds of layer that an inference does not execute."""


def moved_bytes(layers: list[Layer], precision: str = "float32") -> dict[str, int]:
    """Bytes that one example's operations read and write, by kind; weights are not among them.

    Every operation reads its input once and writes its output once (the least that it can do).
    An embedding reads the rows that it looks up.
    """
    total = dict.fromkeys(MOVED, 0)
    for layer in layers:
        kind = f"conv_{layer.role}" if layer.kind == "conv" else layer.kind
        if kind == "embedding":
            total[kind] += INPUT_BYTES * prod(layer.input) + 2 * _bytes(layer.output, precision)
        elif kind in total:
            total[kind] += _bytes(layer.input, precision) + _bytes(layer.output, precision)
    return total


def reread_kernel_bytes(layers: list[Layer], precision: str = "float32") -> int:
    """Bytes of its kernel that one example's full-span convolution fetches from beyond the caches.

    Every output row reads the whole kernel again, and the part of it that was lost meanwhile grows
    with its share of the last cache (Hill and Smith 1989: misses of a larger working set).
    """
    total = 0.0
    for layer in layers:
        if layer.role == "full_span":
            kernel = (
                NUMBER_BYTES[precision] * prod(layer.window) * layer.input[-1] * layer.output[-1]
            )
            total += layer.output[0] * kernel * min(1.0, kernel / LAST_CACHE)
    return round(total)


def read_weight_bytes(layers: list[Layer], precision: str = "float32") -> int:
    """Bytes of the weights that every call reads: all but an embedding's table."""
    read = sum(layer.parameters() for layer in layers if layer.kind != "embedding")
    return NUMBER_BYTES[precision] * read


def operations(layers: list[Layer]) -> int:
    """Number of operations that a call starts: one a layer that it executes (TensorFlow fuses bias
    and ReLU into convolution and dense), and the softmax."""
    return sum(layer.kind not in IDLE for layer in layers) + 1


def _bytes(shape: tuple[int, ...], precision: str) -> int:
    return NUMBER_BYTES[precision] * prod(shape)


def work_columns(axes: dict, vocabulary: int) -> dict[str, int]:
    """FLOP of one example in all and by kind (`<kind>_flop`), bytes of weights and activations.

    Of those bytes: what every call reads of the weights (`read_weight_bytes`), what one example
    reads of them again (`reread_kernel_bytes`) and moves by kind of operation
    (`<kind>_moved_bytes`); and the `operations` of a call.
    """
    layers = layers_of(axes)
    by_kind = {f"{kind}_flop": flop for kind, flop in flop_by_kind(layers).items()}
    moved = {
        f"{kind}_moved_bytes": size for kind, size in moved_bytes(layers, axes["precision"]).items()
    }
    return (
        {
            "operations": operations(layers),
            "flop_per_example": flop_per_example(layers),
            "weight_bytes": weight_bytes(layers, vocabulary, axes["precision"]),
            "read_weight_bytes": read_weight_bytes(layers, axes["precision"]),
            "reread_kernel_bytes": reread_kernel_bytes(layers, axes["precision"]),
            "activation_bytes": activation_bytes(layers, axes["precision"]),
        }
        | by_kind
        | moved
    )


TERA = 1e12
SMALLEST_STEP = 8
SMALLEST_VALIDATION, LARGEST_VALIDATION = 16, 1000
FEWEST_PREDICTED = 64


@dataclass(frozen=True)
class Budget:
    """Steps an epoch, examples a step, and validation examples an epoch."""

    steps: int
    batch_size: int
    validation: int

    @property
    def examples(self) -> int:
        """Training examples an epoch."""
        return self.steps * self.batch_size


def training_budget(
    layers: list[Layer], training: dict, batch_size: int, examples: int, validation: int
) -> Budget:
    """Divide the budget of a model evenly over its epochs.

    `training` holds `epochs`, `budget_tflop` and `max_steps` (null: no limit); `examples` and
    `validation` are what the data set offers. At least one step an epoch is always taken, and
    at most one full walk over the training data. Where the work of an epoch does not suffice for
    a whole step, that one step is smaller: what the work allows, but at least 8 examples.
    """
    limits = [ceil(examples / batch_size)]
    if training["budget_tflop"] is not None:
        epoch_flop = training["budget_tflop"] * TERA / training["epochs"]
        allowed = int(epoch_flop / training_flop_per_example(layers))
        limits.append(allowed // batch_size)
        batch_size = min(batch_size, max(allowed, SMALLEST_STEP))
    if training["max_steps"] is not None:
        limits.append(training["max_steps"] // training["epochs"])
    steps = max(1, min(limits))
    if len(limits) == 1:
        return Budget(steps, batch_size, validation)
    share = min(max(steps * batch_size // 2, SMALLEST_VALIDATION), LARGEST_VALIDATION)
    return Budget(steps, batch_size, min(share, validation))


def predicted_inputs(layers: list[Layer], inputs: int, budget_tflop: float | None) -> int:
    """Of `inputs` test inputs, how many a model predicts within its budget (None: all of them);
    at least 64. Of the default study's models the largest would take five times as long to predict
    2,000 inputs as to be trained."""
    if budget_tflop is None:
        return inputs
    allowed = int(budget_tflop * TERA / flop_per_example(layers))
    return min(inputs, max(allowed, FEWEST_PREDICTED))
