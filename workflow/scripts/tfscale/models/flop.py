"""Kind and FLOP of an operation of XLA's graph, from its opcode and its shapes.

FLOP as TensorFlow's profiler counts them: a multiply-add is two, a bias or an activation one an
element, a pool one an element of its window.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil, log2, prod

from tfscale.models.hlo import Array, Operation, Type

THIN_CHANNELS = 4
"""A convolution of so few input channels is a thin one: grey and coloured images."""

CONSTANT, WEIGHT, DATA = 0, 1, 2
"""What a value depends on at most: nothing, weights, or inputs."""


@dataclass(frozen=True)
class Value:
    """An array while the graph is walked through.

    A reshaped or broadcast array keeps the `key`, `elements` and `bytes` of what stands in memory.
    `weights` are the numbers of the parameters that it is a view of.
    """

    type: Array
    key: int
    elements: int
    bytes: int
    depends: int
    weights: frozenset[int] = frozenset()
    group: int | None = None
    op_name: str = ""


OPCODES = {
    "free": """
        reshape bitcast bitcast-convert broadcast copy optimization-barrier iota
        get-dimension-size add-dependency after-all
    """,
    "elementwise": """
        add subtract multiply divide remainder maximum minimum power abs negate sign floor ceil
        round-nearest-afz round-nearest-even exponential exponential-minus-one log log-plus-one
        logistic tanh tan sine cosine sqrt rsqrt cbrt erf atan2 clamp compare select and or not xor
        is-finite shift-left shift-right-arithmetic shift-right-logical popcnt count-leading-zeros
        real imag complex reduce-precision map
    """,
    "movement": """
        transpose concatenate slice pad reverse dynamic-slice dynamic-update-slice dynamic-reshape
    """,
}
"""Opcodes by what they do; what is free gives another view, or numbers that are known before."""

COPIES = ("Tile", "BroadcastTo", "ResizeNearestNeighbor")
"""TensorFlow operations that write each copy; other broadcasts are parts of what reads them."""

Rule = Callable[[Operation, list[Value]], tuple[str, int]]


def _dot(operation: Operation, operands: list[Value]) -> tuple[str, int]:
    contracted = operation.proto.dot_dimension_numbers.lhs_contracting_dimensions
    terms = prod(operands[0].type.dims[dim] for dim in contracted)
    both = all(operand.depends == DATA for operand in operands)
    return "attention" if both else "matmul", 2 * terms * elements(operation.type)


def _convolution(operation: Operation, operands: list[Value]) -> tuple[str, int]:
    """The kind follows from the shapes; of a dilated input (transposed) only true numbers count."""
    shape = convolution_shape(operation, operands)
    terms = shape.kernel_elements // shape.filters
    flop = 2 * terms * elements(operation.type)
    if any(one.base_dilation > 1 for one in operation.proto.window.dimensions):
        flop = 2 * operands[0].type.elements * shape.kernel_elements // shape.channels
    if shape.channels == shape.groups > 1:
        return "conv_depthwise", flop
    if shape.channels <= THIN_CHANNELS:
        return "conv_thin", flop
    return "conv_spanning" if shape.spans else "conv", flop


@dataclass(frozen=True)
class ConvolutionShape:
    """Input channels, filters, groups, kernel, output rows, and whether the kernel is as wide as
    the unpadded input of more than one column."""

    channels: int
    filters: int
    groups: int
    kernel_elements: int
    rows: int
    spans: bool


def convolution_shape(operation: Operation, operands: list[Value]) -> ConvolutionShape:
    """The shape of a convolution, from the numbers that its dimensions have."""
    numbers, window = operation.proto.convolution_dimension_numbers, operation.proto.window
    source, kernel = operands[0].type.dims, operands[1].type.dims
    result = operation.type.dims  # type: ignore[union-attr]
    outer = numbers.output_spatial_dimensions[:-1]
    width = kernel[numbers.kernel_spatial_dimensions[-1]]
    unpadded = not window.dimensions[-1].padding_low and not window.dimensions[-1].padding_high
    return ConvolutionShape(
        channels=source[numbers.input_feature_dimension],
        filters=kernel[numbers.kernel_output_feature_dimension],
        groups=operation.proto.feature_group_count,
        kernel_elements=operands[1].type.elements,
        rows=result[numbers.output_batch_dimension] * prod(result[dim] for dim in outer),
        spans=unpadded and width == source[numbers.input_spatial_dimensions[-1]] > 1,
    )


def _reduce_window(operation: Operation, operands: list[Value]) -> tuple[str, int]:
    """A window that is all of its dimension, padded on one side, is a running sum."""
    window = operation.proto.window.dimensions
    wide = [one for one in window if one.size > 1]
    padded = {side for one in wide for side in (one.padding_low, one.padding_high)}
    running = len(wide) == 1 and padded == {0, wide[0].size - 1}
    size = 1 if running else prod(one.size for one in window)
    return "reduction", elements(operation.type) * size


def _sort(operation: Operation, operands: list[Value]) -> tuple[str, int]:
    (dimension,) = operation.proto.dimensions
    length = operands[0].type.dims[dimension]
    return "reduction", operands[0].type.elements * max(1, ceil(log2(max(length, 2))))


RULES: dict[str, Rule] = {
    "dot": _dot,
    "convolution": _convolution,
    "reduce-window": _reduce_window,
    "reduce": lambda operation, operands: ("reduction", operands[0].type.elements),
    "sort": _sort,
    "topk": _sort,
    "gather": lambda operation, operands: ("lookup", 0),
    "scatter": lambda operation, operands: ("lookup", operands[-1].type.elements),
    "broadcast": lambda operation, operands: ("movement", 0),
    **dict.fromkeys(OPCODES["movement"].split(), lambda operation, operands: ("movement", 0)),
    **dict.fromkeys(
        OPCODES["elementwise"].split(),
        lambda operation, operands: ("elementwise", elements(operation.type)),
    ),
    "batch-norm-inference": lambda operation, operands: (
        "elementwise",
        2 * elements(operation.type),
    ),
    "convert": lambda operation, operands: ("elementwise", 0),
}
"""Kind and FLOP of an operation, by opcode."""


RESIZES = ("ResizeBilinear", "ResizeBicubic")
"""XLA writes what they do with an element's neighbours as a product of matrices."""


def kind_and_flop(operation: Operation, operands: list[Value]) -> tuple[str, int]:
    """Kind and FLOP of an operation that has a rule."""
    kind, flop = RULES[operation.opcode](operation, operands)
    return "elementwise" if operation.op_type in RESIZES else kind, flop


def elements(type_: Type) -> int:
    """How many numbers an array or a tuple holds."""
    return type_.elements if isinstance(type_, Array) else sum(map(elements, type_))


def is_free(operation: Operation, operands: list) -> bool:
    """Whether it is only another view: also a transposition of dimensions of one, or no change."""
    if operation.op_type in COPIES and operation.opcode == "broadcast":
        return elements(operation.type) == operands[0].type.elements
    if operation.opcode in OPCODES["free"].split():
        return True
    if operation.opcode == "set-dimension-size":
        return operands[1].depends < DATA
    if not operands or not isinstance(operands[0], Value) or not isinstance(operation.type, Array):
        return False
    before = operands[0].type
    if operation.opcode == "transpose":
        order = [dim for dim in operation.proto.dimensions if before.dims[dim] > 1]
        return order == sorted(order)
    if operation.opcode == "convert":  # within another operation XLA only changes precision
        return before.dtype == operation.type.dtype or operation.op_type not in ("", "Cast")
    return operation.opcode in ("pad", "slice", "reverse", "concatenate") and (
        before == operation.type and len(operands) <= 2 and operation.opcode != "reverse"
    )
