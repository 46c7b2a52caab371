"""Which cells of a grid are timed when only some of them are to be."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import islice, product

from tfscale.axes import AXES, Cell

CHECKS = 10
"""Cells that are timed besides, which no fit uses."""
CORNERS = 2
"""Of the corners of a grid the lowest and the highest come first; the others come when their levels
are the rarest. Eight of 16 cells at corners left too few architectures between them: 3.4 % median
error on the others in place of 3.1 %, at random 3.7 %."""


@dataclass(frozen=True)
class Sample:
    """The names of the cells that check the predictions, and the cells that are not timed."""

    checks: list[str]
    left_out: dict[str, Cell]


def sample_of(
    cells: Mapping[str, Cell], asked: int | Mapping[str, int] | None, also: Sequence[str], seed: int
) -> Sample:
    """The sample of a grid: of each family so many cells as are `asked` for, those of `also`, and
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
        needed = {*chosen(own, CORNERS), *also}
        by_lot = sorted(
            set(own) - needed, key=lambda name: sha256(f"{seed}/{name}".encode()).digest()
        )
        checks = by_lot[:CHECKS]
        others = {name: cell for name, cell in own.items() if name not in checks}
        timed = {*chosen(others, count), *checks, *also}
        found.checks.extend(checks)
        found.left_out.update({name: cell for name, cell in own.items() if name not in timed})
    return found


def chosen(cells: Mapping[str, Cell], count: int) -> list[str]:
    """The names of so many `cells` of one family: two opposite corners of their grid, then balanced
    over the levels of all axes. A smaller count has the first ones of a larger one."""
    return list(islice(_in_order(cells), count))


def _in_order(cells: Mapping[str, Cell]) -> Iterator[str]:
    """Every cell once, the most telling first."""
    ranks = _ranks(cells)
    met: Counter = Counter()  # how often two levels are together in a cell, a level with itself too
    rest = list(cells)
    corners = [name for name, cell in cells.items() if _is_corner(cell, ranks)]
    for place in range(len(cells)):
        pool = [name for name in corners if name in rest] if place < CORNERS else rest
        turn = place % max(len(ranks), 1)
        name = _rarest(pool or rest, cells, ranks, met, turn)
        rest.remove(name)
        levels = [(axis, cells[name][axis]) for axis in ranks]
        met.update(product(levels, levels))
        yield name


def _ranks(cells: Mapping[str, Cell]) -> dict[str, dict]:
    """For each axis that varies its levels in the order in which they are tried: the ends of a
    numeric one, its middle, the middles of what is between, and so on."""
    ranks = {}
    for axis in AXES:
        levels = list(dict.fromkeys(cell[axis] for cell in cells.values() if axis in cell))
        if len(levels) > 1:
            ordered = sorted(levels) if AXES[axis].ordered else levels
            ranks[axis] = {level: rank for rank, level in enumerate(_spread(ordered))}
    return ranks


def _spread(levels: list) -> list:
    """The first, the last, the middle, the middles between these, and so on."""
    order = [0, len(levels) - 1]
    spans = [(0, len(levels) - 1)]
    while spans:
        low, high = spans.pop(0)
        if high - low > 1:
            middle = (low + high) // 2
            order.append(middle)
            spans += [(low, middle), (middle, high)]
    return [levels[place] for place in order]


def _is_corner(cell: Cell, ranks: dict[str, dict]) -> bool:
    """Whether every numeric axis is at one of its ends."""
    return all(rank[cell[axis]] < 2 for axis, rank in ranks.items() if AXES[axis].ordered)


def _rarest(
    pool: list[str],
    cells: Mapping[str, Cell],
    ranks: dict[str, dict],
    met: Counter,
    turn: int,
) -> str:
    """The cell of the rarest level of each axis, beginning with the axis whose `turn` it is: of
    equally rare levels that which the ones taken so far have met least, then the next by rank."""
    axes = list(ranks)
    taken: list[tuple] = []
    for axis in axes[turn:] + axes[:turn]:

        def rarity(level: object, axis: str = axis) -> tuple:
            one = (axis, level)
            return met[one, one], sum(met[one, other] for other in taken), ranks[axis][level]

        best = min({cells[name][axis] for name in pool}, key=rarity)
        pool = [name for name in pool if cells[name][axis] == best]
        taken.append((axis, best))
    return pool[0]
