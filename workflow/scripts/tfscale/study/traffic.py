"""Analytic traffic of one inference: bytes moved and operations started, by kind."""

from math import prod

from tfscale.study.architecture import Layer
from tfscale.study.flop import INPUT_BYTES, NUMBER_BYTES

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
