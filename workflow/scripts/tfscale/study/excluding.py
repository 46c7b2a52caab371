"""Cells that the configuration takes out of the study (`exclude`), each with its reason."""

from collections.abc import Iterator

from tfscale.axes import AXES, Cell
from tfscale.study.wording import shown, suggest

REASON = "reason"


def excluded(cells: dict[str, Cell], entries: list[dict]) -> dict[str, str]:
    """The reason by name of every cell that an entry matches; the first such entry counts."""
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
            yield f"{where}.{REASON}: {shown(entry[REASON])} must be one line of words"
        else:
            yield from _idle_values(where, entry, cells)
    of_axes = [entry for entry in entries if set(entry) != {REASON}]
    if len(excluded(cells, of_axes)) == len(cells):
        yield f"exclude: takes out all of the {len(cells):,} cells; a study needs at least one"


def _matches(entry: dict, cell: Cell) -> bool:
    return all(cell[axis] in _listed(entry[axis]) for axis in entry if axis != REASON)


def _listed(value: object) -> list:
    return value if isinstance(value, list) else [value]


def _idle_values(where: str, entry: dict, cells: dict[str, Cell]) -> Iterator[str]:
    """The values of an entry without which it would match the same cells."""
    idle = False
    for axis in [axis for axis in entry if axis != REASON]:
        levels = list(dict.fromkeys(cell[axis] for cell in cells.values()))
        for value in _listed(entry[axis]):
            if value not in levels:
                idle = True
                yield f"{where}.{axis}: no cell has {shown(value)}{suggest(value, levels)}"
    if idle:
        return
    matched = [cell for cell in cells.values() if _matches(entry, cell)]
    if not matched:
        nearest = _nearest(entry, cells)
        yield f"{where}: no cell has {_words(entry)} together; the nearest is {nearest}"
        return
    for axis in [axis for axis in entry if axis != REASON]:
        for value in _listed(entry[axis]):
            if value not in [cell[axis] for cell in matched]:
                others = _words({key: entry[key] for key in entry if key != axis})
                yield f"{where}.{axis}: no cell with {others} has {shown(value)}"


def _words(entry: dict) -> str:
    parts = [
        f"{axis} {' or '.join(map(str, _listed(value)))}"
        for axis, value in entry.items()
        if axis != REASON
    ]
    return " and ".join(parts)


def _nearest(entry: dict, cells: dict[str, Cell]) -> str:
    """The cell that matches on the most axes, and where it differs."""
    axes = [axis for axis in entry if axis != REASON]

    def missed(name: str) -> list[str]:
        return [axis for axis in axes if cells[name][axis] not in _listed(entry[axis])]

    name = min(cells, key=lambda name: len(missed(name)))
    return f"{name}, which differs in {' and '.join(missed(name))}"
