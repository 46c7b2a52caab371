"""From the grid of config.yaml to cells, their names and the order in which they are timed."""

from itertools import product

from tfscale.axes import AXES, Cell, cell_name, defaults
from tfscale.study.architecture import fits, largest_layers, layers_of
from tfscale.study.flop import flop_per_example


def subgrids(grid: dict | list[dict]) -> list[dict[str, list]]:
    """The grid as a list of sub-grids, each with a list of values on every axis."""
    missing = {axis: [value] for axis, value in defaults().items()}
    return [missing | part for part in (grid if isinstance(grid, list) else [grid])]


def cells(grid: dict | list[dict]) -> dict[str, Cell]:
    """All cells of the grid by name: the union of the sub-grids, in the order of config.yaml."""
    found = {}
    for part in subgrids(grid):
        for values in product(*(part[axis] for axis in AXES)):
            cell = dict(zip(AXES, values, strict=True))
            found[cell_name(cell)] = cell
    return found


def trained_model(cell: Cell, training_batch_size: int | None) -> Cell:
    """The axes of the trained model that a cell uses; `batch_size` is that of the training."""
    model = {axis: value for axis, value in cell.items() if AXES[axis].trains}
    return model | {"batch_size": training_batch_size or cell["batch_size"]}


def impossible(cell: Cell) -> str | None:
    """Why a cell cannot exist and what to do about it, or None."""
    layers, conv_size, input_size = cell["layers"], cell["conv_size"], cell["input_size"]
    if layers < 4 or layers % 2:
        return f"layers {layers} is not an even number of at least 4: use {max(4, layers // 2 * 2)}"
    if fits(layers, conv_size, input_size):
        return None
    return (
        f"its stages do not fit an input of {input_size}: "
        f"with conv_size {conv_size} the largest layers is {largest_layers(conv_size, input_size)}"
    )


def cost_flop(cell: Cell) -> int:
    """FLOP of one call of the cell: its batch times one example's forward pass."""
    return cell["batch_size"] * flop_per_example(layers_of(cell))
