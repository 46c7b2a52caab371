"""The work of the paper's networks, counted by hand from their shapes.

It is the independent check of what is counted from a model's graph. Counted as TensorFlow's
profiler counts: a multiply-add is two operations, a bias or an activation one an element, a pool
one an element of its window.
"""

from collections.abc import Iterable, Iterator
from itertools import product
from math import prod

from tfscale.axes import cell_name
from tfscale.study.kinds import LAST_CACHE, WORK

DENSE_UNITS = 64
EMBEDDING_WIDTH = 256
CLASSES = {"mnist": 10, "text": 2}
INPUT_SIZES = {"mnist": 28, "text": 56}
NUMBER_BYTES = {"float32": 4, "bfloat16": 2}
INPUT_BYTES = 4
"""Images come as float32 and token ids as int32 at every precision."""

Shape = tuple[int, int, int]
"""Of one example: height, width, channels."""


def slid(shape: Shape, window: tuple[int, int], channels: int) -> Shape:
    """The shape behind a window that slides over all of it."""
    return shape[0] - window[0] + 1, shape[1] - window[1] + 1, channels


def stages(cell: dict) -> Iterator[tuple[str, tuple[int, int], Shape, tuple[int, int], Shape]]:
    """Of each convolution and the pool behind it: the kind, the kernel and the shape before, the
    window and the shape between them."""
    conv_size, size, count = cell["conv_size"], cell["input_size"], (cell["layers"] - 2) // 2
    shape = (size, size if cell["model"] == "mnist" else EMBEDDING_WIDTH, 1)
    for stage in range(1, count + 1):
        assert shape[0] > 0, f"no row is left for stage {stage}"
        last = stage == count
        kernel = (min(conv_size, shape[0]), shape[1]) if last else (conv_size, conv_size)
        between = slid(shape, kernel, cell.get("filters", 64))
        window = (between[0], 1) if last else (2, 2)
        kind = "conv_thin" if stage == 1 else "conv_spanning" if last else "conv"
        yield kind, kernel, shape, window, between
        shape = slid(between, window, between[2])


def work_of(cell: dict, vocabulary: int = 18_765) -> dict[str, int]:
    """Every column of WORK for a cell of the paper's families.

    A full-span convolution reads its kernel again for every row of its output, and what was lost of
    it meanwhile grows with its share of the last cache (Hill and Smith 1989: misses of a larger
    working set). Dense layers move next to nothing.
    """
    wide, size = NUMBER_BYTES[cell.get("precision", "float32")], cell["input_size"]
    filters, classes = cell.get("filters", 64), CLASSES[cell["model"]]
    work = dict.fromkeys(WORK, 0) | {"operations": 4, "activation_bytes": INPUT_BYTES * size**2}
    weights = (filters + 1) * DENSE_UNITS + (DENSE_UNITS + 1) * classes
    numbers = filters + 2 * DENSE_UNITS + classes  # flattened, dense, dropout, dense
    work["matmul_flop"] = (2 * filters + 1) * DENSE_UNITS + (2 * DENSE_UNITS + 1) * classes
    for kind, kernel, before, window, between in stages(cell):
        after = slid(between, window, filters)
        work["operations"] += 2
        work[f"{kind}_flop"] += prod(between) * (2 * prod(kernel) * before[2] + 1)
        work[f"{kind}_bytes"] += wide * (prod(before) + prod(between))
        work["reduction_flop"] += prod(window) * prod(after)
        work["reduction_bytes"] += wide * (prod(between) + prod(after))
        numbers += prod(between) + prod(after)
        own = prod(kernel) * before[2] * filters
        weights += own + filters
        if kind == "conv_spanning":
            lost = min(1.0, wide * own / LAST_CACHE)
            work["reread_kernel_bytes"] = round(between[0] * wide * own * lost)
    table = 0
    if cell["model"] == "text":
        found = size * EMBEDDING_WIDTH
        table = vocabulary * EMBEDDING_WIDTH
        numbers += 2 * found  # and reshaped
        work["operations"] += 2
        work["activation_bytes"] = INPUT_BYTES * size
        work["lookup_bytes"] = INPUT_BYTES * size + 2 * wide * found
    work["flop_per_example"] = sum(work[name] for name in WORK if name.endswith("_flop"))
    work["weight_bytes"], work["read_weight_bytes"] = wide * (weights + table), wide * weights
    work["activation_bytes"] += wide * numbers
    return work


def works(models: Iterable[str] = ("mnist", "text")) -> dict[str, dict[str, int]]:
    """The work by the name of an architecture, of those that fit the paper's inputs."""
    found = {}
    for model, layers, conv_size in product(models, (4, 6, 8, 10, 12), (3, 4, 5, 8)):
        size = INPUT_SIZES[model]
        if size > (layers // 2 - 2) * conv_size:
            own = {"model": model, "layers": layers, "conv_size": conv_size, "input_size": size}
            found[cell_name(own)] = work_of(own)
    return found
