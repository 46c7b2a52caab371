"""From sub-grids to cells; cells that cannot exist or are taken out."""

from collections.abc import Iterator
from itertools import product

from tfscale.axes import AXES, FAMILIES, Cell, axes_of, cell_name, defaults, model_axes
from tfscale.study.wording import quoted, suggest


def subgrids(grid: dict | list[dict]) -> list[dict[str, list]]:
    """The grid as a list of sub-grids of one family, each with a list of values on every axis that
    it has; an axis that is missing has no value."""
    return [
        {"model": [model]} | _levels(part, model)
        for part in (grid if isinstance(grid, list) else [grid])
        for model in part["model"]
    ]


def _levels(part: dict, model: str) -> dict[str, list]:
    known = defaults(model)
    levels = {}
    for name, axis in axes_of(model).items():
        usual = [known[name]] if name in known else []
        levels[name] = [axis.kind(value) for value in part.get(name, usual)]
    return levels


def cells(grid: dict | list[dict]) -> dict[str, Cell]:
    """All cells of the grid by name: the union of the sub-grids, in the order of config.yaml."""
    found = {}
    for part in subgrids(grid):
        for values in product(*part.values()):
            cell = dict(zip(part, values, strict=True))
            found[cell_name(cell)] = cell
    return found


def architecture(cell: Cell) -> Cell:
    """What shapes a cell's model: its family and model axes."""
    return {axis: cell[axis] for axis in ("model", *model_axes(cell["model"]))}


def trained_model(cell: Cell, training_batch_size: int | None) -> Cell:
    """The axes of the model that a cell uses; of a trained family with `batch_size`, that of the
    training."""
    model = architecture(cell) | {"precision": cell["precision"]}
    if FAMILIES[cell["model"]].trained:
        model["batch_size"] = training_batch_size or cell["batch_size"]
    return model


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
    return all(cell.get(axis) in entry[axis] for axis in entry if axis != REASON)


def _idle_values(where: str, entry: dict, cells: dict[str, Cell]) -> Iterator[str]:
    """Values of an entry that no cell has, one by one or together."""
    idle = False
    axes = [axis for axis in entry if axis != REASON]
    for axis in axes:
        levels = list(dict.fromkeys(cell[axis] for cell in cells.values() if axis in cell))
        for value in [value for value in entry[axis] if value not in levels]:
            idle = True
            yield f"{where}.{axis}: no cell has {quoted(value)}{suggest(value, levels)}"
    if not idle and not any(_matches(entry, cell) for cell in cells.values()):
        words = [f"{axis} {' or '.join(map(str, entry[axis]))}" for axis in axes]
        yield f"{where}: no cell has {' and '.join(words)} together"
