"""Analytic work of one inference: FLOP and bytes by kind of operation.

Counted as TensorFlow's profiler counts: a multiply-add is two operations, a bias or an
activation one an element, a pool one an element of its window.
"""

from math import prod

from tfscale.study.architecture import Layer, parameters

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
