"""The paper's convolutional networks as a list of layers with their tensor shapes.

The one description from which the Keras model, the analytic FLOP count, the check of
the grid and the printed structure are all derived.
"""

from dataclasses import dataclass
from math import prod

FILTERS = 64
DENSE_UNITS = 64
EMBEDDING_WIDTH = 256
CLASSES = {"mnist": 10, "text": 2}


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


def largest_layers(conv_size: int, input_size: int) -> int:
    """The largest `layers` whose stages fit an input of `input_size` rows."""
    return 2 * ((input_size - 1) // conv_size + 1) + 2


def describe(
    model: str, layers: int, conv_size: int, input_size: int, filters: int = FILTERS
) -> list[Layer]:
    """All layers of a model in order, shapes without the batch axis.

    Raises ValueError when the stages do not fit the input or `layers` is odd or below 4.
    """
    if layers < 4 or layers % 2:
        raise ValueError(f"layers must be even and at least 4, not {layers}")
    if not fits(layers, conv_size, input_size):
        raise ValueError(
            f"{stages(layers)} stages of size {conv_size} do not fit {input_size} rows"
        )
    found = _entry(model, input_size)
    for stage in range(1, stages(layers) + 1):
        found += _stage(found[-1].output, conv_size, filters, stage, last=stage == stages(layers))
    found.append(Layer("flatten", found[-1].output, (filters,)))
    found.append(Layer("dense", (filters,), (DENSE_UNITS,), role="relu"))
    found.append(Layer("dropout", (DENSE_UNITS,), (DENSE_UNITS,)))
    found.append(Layer("dense", (DENSE_UNITS,), (CLASSES[model],), role="softmax"))
    return found


def layers_of(axes: dict) -> list[Layer]:
    """The layers of a cell or of a trained model, from the axes that shape it; raises likewise."""
    shape = ("model", "layers", "conv_size", "input_size", "filters")
    return describe(**{axis: axes[axis] for axis in shape})


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
    return [
        Layer("conv", shape, after, window, role),
        Layer("pool", after, pooled, pool),
    ]


def parameters(layers: list[Layer], vocabulary: int = 0) -> int:
    """Trainable parameters of the whole model."""
    return sum(layer.parameters(vocabulary) for layer in layers)


def structure_text(layers: list[Layer], vocabulary: int = 0) -> str:
    """The structure as the paper printed it: one line a layer with its tensor shape."""
    rows = [
        f"{number:2d}  {layer.kind:<10}{(None, *layer.output)!s:<24}"
        f"{'x'.join(map(str, layer.window)) if any(layer.window) else '-':<8}"
        f"{layer.parameters(vocabulary):>12,}"
        for number, layer in enumerate(layers)
    ]
    head = f"    {'layer':<10}{'tensor shape':<24}{'window':<8}{'parameters':>12}"
    return "\n".join([head, *rows, f"{'total':<46}{parameters(layers, vocabulary):>12,}"]) + "\n"
