"""The work of the paper's networks, counted by hand from their shapes.

It is the independent check of what is counted from a model's graph. Counted as TensorFlow's
profiler counts: a multiply-add is two operations, a bias or an activation one an element, a pool
one an element of its window.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product
from math import prod

from tfscale.axes import cell_name
from tfscale.study.kinds import WORK

FILTERS = 64
DENSE_UNITS = 64
EMBEDDING_WIDTH = 256
CLASSES = {"mnist": 10, "text": 2}
INPUT_SIZES = {"mnist": 28, "text": 56}
NUMBER_BYTES = {"float32": 4, "bfloat16": 2}
INPUT_BYTES = 4
"""Images come as float32 and token ids as int32 at every precision."""
LAST_CACHE = 32 << 20
"""Bytes of a usual last cache, of one socket or core complex."""
IDLE = ("input", "dropout")
"""The kinds of layer that an inference does not execute."""
ROLES = {"first": "conv_thin", "square": "conv", "full_span": "conv_spanning"}


@dataclass(frozen=True)
class Layer:
    """One layer: its kind, the shape of one example before and after, its kernel or window."""

    kind: str
    input: tuple[int, ...]
    output: tuple[int, ...]
    window: tuple[int, int] = (0, 0)
    role: str = ""

    def parameters(self, vocabulary: int = 0) -> int:
        """Number of trainable numbers; an embedding has one row for each of `vocabulary` ids."""
        if self.kind == "conv":
            return prod(self.window) * self.input[-1] * self.output[-1] + self.output[-1]
        if self.kind == "dense":
            return self.input[-1] * self.output[-1] + self.output[-1]
        return vocabulary * self.output[-1] if self.kind == "embedding" else 0


def stages(layers: int) -> int:
    """Number of convolution + pooling stages of a model with `layers` layers."""
    return (layers - 2) // 2


def fits(layers: int, conv_size: int, input_size: int) -> bool:
    """Whether every stage finds at least one row left: S - (stages - 1) k >= 1."""
    return input_size - (stages(layers) - 1) * conv_size >= 1


def describe(
    model: str, layers: int, conv_size: int, input_size: int, filters: int = FILTERS
) -> list[Layer]:
    """All layers of a model in order, shapes without the batch axis."""
    assert layers >= 4 and layers % 2 == 0 and fits(layers, conv_size, input_size)
    found = _entry(model, input_size)
    for stage in range(1, stages(layers) + 1):
        found += _stage(found[-1].output, conv_size, filters, stage, last=stage == stages(layers))
    found.append(Layer("flatten", found[-1].output, (filters,)))
    found.append(Layer("dense", (filters,), (DENSE_UNITS,), role="relu"))
    found.append(Layer("dropout", (DENSE_UNITS,), (DENSE_UNITS,)))
    found.append(Layer("dense", (DENSE_UNITS,), (CLASSES[model],), role="softmax"))
    return found


def _entry(model: str, size: int) -> list[Layer]:
    if model == "mnist":
        return [Layer("input", (size, size, 1), (size, size, 1))]
    width = EMBEDDING_WIDTH
    return [
        Layer("input", (size,), (size,)),
        Layer("embedding", (size,), (size, width)),
        Layer("reshape", (size, width), (size, width, 1)),
    ]


def _stage(
    shape: tuple[int, ...], conv_size: int, filters: int, stage: int, last: bool
) -> list[Layer]:
    height, width, _ = shape
    window = (min(conv_size, height), width) if last else (conv_size, conv_size)
    after = (height - window[0] + 1, width - window[1] + 1, filters)
    pool = (after[0], 1) if last else (2, 2)
    pooled = (after[0] - pool[0] + 1, after[1] - pool[1] + 1, filters)
    role = "first" if stage == 1 else "full_span" if last else "square"
    return [Layer("conv", shape, after, window, role), Layer("pool", after, pooled, pool)]


def parameters(layers: list[Layer], vocabulary: int = 0) -> int:
    """Trainable parameters of the whole model."""
    return sum(layer.parameters(vocabulary) for layer in layers)


def _kind(layer: Layer) -> str:
    """The kind of work that a layer does; empty for none."""
    if layer.kind == "conv":
        return ROLES[layer.role]
    return {"dense": "matmul", "pool": "reduction", "embedding": "lookup"}.get(layer.kind, "")


def flop_by_kind(layers: list[Layer]) -> dict[str, int]:
    """FLOP of one example's forward pass, `<kind>_flop` by kind of work."""
    total: dict[str, int] = {}
    for layer in layers:
        outputs, window = prod(layer.output), prod(layer.window)
        flop = {
            "conv": outputs * (2 * window * layer.input[-1] + 1),
            "dense": outputs * (2 * layer.input[-1] + 1),
            "pool": outputs * window,
        }
        if layer.kind in flop:
            name = f"{_kind(layer)}_flop"
            total[name] = total.get(name, 0) + flop[layer.kind]
    return total


def moved_bytes(layers: list[Layer], precision: str = "float32") -> dict[str, int]:
    """Bytes that one example's operations read and write, `<kind>_bytes` by kind; weights are not
    among them. Dense layers move next to nothing. An embedding reads the rows that it looks up."""
    total: dict[str, int] = {}
    for layer in layers:
        name, wide = f"{_kind(layer)}_bytes", NUMBER_BYTES[precision]
        if layer.kind in ("conv", "pool"):
            moved = wide * (prod(layer.input) + prod(layer.output))
        elif layer.kind == "embedding":
            moved = INPUT_BYTES * prod(layer.input) + 2 * wide * prod(layer.output)
        else:
            continue
        total[name] = total.get(name, 0) + moved
    return total


def reread_kernel_bytes(layers: list[Layer], precision: str = "float32") -> int:
    """Bytes of its kernel that one example's full-span convolution fetches from beyond the caches.

    Every output row reads the whole kernel again, and the part of it that was lost meanwhile grows
    with its share of the last cache (Hill and Smith 1989: misses of a larger working set).
    """
    total = 0.0
    for layer in layers:
        if layer.role == "full_span":
            numbers = prod(layer.window) * layer.input[-1] * layer.output[-1]
            kernel = NUMBER_BYTES[precision] * numbers
            total += layer.output[0] * kernel * min(1.0, kernel / LAST_CACHE)
    return round(total)


def work_of(cell: dict, vocabulary: int = 18_765) -> dict[str, int]:
    """Every column of WORK for a cell of the paper's families."""
    shape = ("model", "layers", "conv_size", "input_size", "filters")
    layers = describe(**{axis: cell[axis] for axis in shape if axis in cell})
    precision = cell.get("precision", "float32")
    wide = NUMBER_BYTES[precision]
    flop = flop_by_kind(layers)
    numbers = sum(prod(layer.output) for layer in layers[1:])
    read = sum(layer.parameters() for layer in layers if layer.kind != "embedding")
    return (
        dict.fromkeys(WORK, 0)
        | {
            "operations": sum(layer.kind not in IDLE for layer in layers) + 1,
            "flop_per_example": sum(flop.values()),
            "weight_bytes": wide * parameters(layers, vocabulary),
            "read_weight_bytes": wide * read,
            "reread_kernel_bytes": reread_kernel_bytes(layers, precision),
            "activation_bytes": INPUT_BYTES * prod(layers[0].output) + wide * numbers,
        }
        | flop
        | moved_bytes(layers, precision)
    )


def works(
    models: Iterable[str] = ("mnist", "text"),
    layers: Iterable[int] = (4, 6, 8, 10, 12),
    convs: Iterable[int] = (3, 4, 5, 8),
) -> dict[str, dict[str, int]]:
    """The work by the name of an architecture, of those that fit the paper's inputs."""
    found = {}
    for model, depth, conv in product(models, layers, convs):
        own = {"model": model, "layers": depth, "conv_size": conv, "input_size": INPUT_SIZES[model]}
        if fits(depth, conv, INPUT_SIZES[model]):
            found[cell_name(own)] = work_of(own)
    return found
