"""Which cells of a grid are timed when only some of them are to be."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import chain, combinations, islice, repeat
from typing import Any

from tfscale.axes import AXES, Cell

CHECKS = 10
"""Cells that are timed besides, which no fit uses."""
CORNERS = 2
"""The lowest and the highest cell are timed first: without them the median error on the others is
a little smaller, the largest one larger (docs/method/work.md)."""


@dataclass(frozen=True)
class Sample:
    """The names of the cells that check the predictions, and the cells that are not timed."""

    checks: list[str]
    left_out: dict[str, Cell]


def sample_of(
    cells: Mapping[str, Cell], asked: int | Mapping[str, int] | None, also: Sequence[str], seed: int
) -> Sample:
    """The sample of a grid: of each family as many cells as are `asked` for, those of `also`, and
    10 that check the predictions. A family that has hardly more is timed whole.

    The checks are drawn by the seed, from the grid and not from what the sample leaves, so that
    they are the same whatever its size.
    """
    families: dict[str, dict[str, Cell]] = {}
    for name, cell in cells.items():
        families.setdefault(str(cell["model"]), {})[name] = cell
    found = Sample([], {})
    for family, own in families.items():
        count = asked.get(family) if isinstance(asked, Mapping) else asked
        if count is None or len(own) <= count + CHECKS:
            continue
        needed = {*chosen(own, CORNERS, seed), *also}
        checks = by_lot(set(own) - needed, seed)[:CHECKS]
        others = {name: cell for name, cell in own.items() if name not in checks}
        timed = {*chosen(others, count, seed), *checks, *also}
        found.checks.extend(checks)
        found.left_out.update({name: cell for name, cell in own.items() if name not in timed})
    return found


def chosen(cells: Mapping[str, Cell], count: int, seed: int) -> list[str]:
    """The names of so many `cells` of one family: the lowest and the highest, then again and again
    the one whose levels were taken least, each alone and then two together; of equals the first by
    lot. A smaller count has the first ones of a larger one."""
    return list(islice(_in_order(cells, seed), count))


def _in_order(cells: Mapping[str, Cell], seed: int) -> Iterator[str]:
    """Every cell once."""
    axes = _levels(cells)
    levels = {name: [(axis, cells[name][axis]) for axis in axes] for name in by_lot(cells, seed)}
    pairs = {name: list(combinations(own, 2)) for name, own in levels.items()}
    taken: Counter = Counter()

    def height(name: str) -> float:
        """The sum of a cell's places on the axes with an order, each from 0 to 1."""
        ordered = [(axis, level) for axis, level in levels[name] if AXES[axis].ordered]
        return sum(axes[axis].index(level) / len(axes[axis]) for axis, level in ordered)

    def times_taken(name: str) -> tuple[int, int]:
        """How often a cell's levels were taken, each over its share of the axis; two together."""
        alone = sum(taken[axis, level] * len(axes[axis]) for axis, level in levels[name])
        return alone, sum(taken[pair] for pair in pairs[name])

    ends: tuple[Callable[[str], Any], ...] = (height, lambda name: -height(name))
    for key in chain(ends, repeat(times_taken)):
        if not levels:
            return
        name = min(levels, key=key)
        yield name
        taken.update(chain(levels.pop(name), pairs.pop(name)))


def by_lot(names: Iterable[str], seed: int) -> list[str]:
    """The names in an order that the seed draws; one more leaves the order of the others."""
    return sorted(names, key=lambda name: sha256(f"{seed}/{name}".encode()).digest())


def _levels(cells: Mapping[str, Cell]) -> dict[str, list]:
    """The levels of each axis that varies; those of an ordered axis from low to high."""
    found = {}
    for axis in AXES:
        levels = list(dict.fromkeys(cell[axis] for cell in cells.values() if axis in cell))
        if len(levels) > 1:
            found[axis] = sorted(levels) if AXES[axis].ordered else levels
    return found
