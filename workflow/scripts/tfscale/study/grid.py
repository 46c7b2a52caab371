"""From sub-grids to cells; cells that cannot exist or are taken out."""

from collections.abc import Iterator
from itertools import product

from tfscale.axes import AXES, Cell, cell_name, defaults
from tfscale.study.architecture import fits, largest_layers, layers_of
from tfscale.study.wording import quoted, suggest
from tfscale.study.work import flop_per_example


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


REASON = "reason"


def excluded(cells: dict[str, Cell], entries: list[dict]) -> dict[str, str]:
    """The reason by name of every cell that an entry matches; the first such entry counts. An entry
    holds lists of values by axis, and its reason."""
    return {
        name: next(entry[REASON] for entry in entries if _matches(entry, cell))
        for name, cell in cells.items()
        if any(_matches(entry, cell) for entry in entries)
    }


def without_effect(cells: dict[str, Cell], entries: list[dict]) -> Iterator[str]:
    """One line for every entry, or value in it, that takes no cell out; and for taking out all."""
    for index, entry in enumerate(entries):
        where = f"exclude[{index}]"
        if set(entry) == {REASON}:
            axes = ", ".join(AXES)
            yield f"{where}: names no axis, so it would take every cell out; known: {axes}"
        elif not entry[REASON].strip() or not entry[REASON].isprintable():
            yield f"{where}.{REASON}: {quoted(entry[REASON])} must be one line of words"
        else:
            yield from _idle_values(where, entry, cells)
    of_axes = [entry for entry in entries if set(entry) != {REASON}]
    if len(excluded(cells, of_axes)) == len(cells):
        yield f"exclude: takes out all of the {len(cells):,} cells; a study needs at least one"


def _matches(entry: dict, cell: Cell) -> bool:
    return all(cell[axis] in entry[axis] for axis in entry if axis != REASON)


def _idle_values(where: str, entry: dict, cells: dict[str, Cell]) -> Iterator[str]:
    """Values of an entry that no cell has, one by one or together."""
    idle = False
    axes = [axis for axis in entry if axis != REASON]
    for axis in axes:
        levels = list(dict.fromkeys(cell[axis] for cell in cells.values()))
        for value in [value for value in entry[axis] if value not in levels]:
            idle = True
            yield f"{where}.{axis}: no cell has {quoted(value)}{suggest(value, levels)}"
    if not idle and not any(_matches(entry, cell) for cell in cells.values()):
        words = [f"{axis} {' or '.join(map(str, entry[axis]))}" for axis in axes]
        yield f"{where}: no cell has {' and '.join(words)} together"
