"""Which cells of a grid are timed when only some of them are to be."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import count as numbers
from itertools import islice

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
        by_lot = sorted(
            set(own) - needed, key=lambda name: sha256(f"{seed}/{name}".encode()).digest()
        )
        checks = by_lot[:CHECKS]
        others = {name: cell for name, cell in own.items() if name not in checks}
        timed = {*chosen(others, count, seed), *checks, *also}
        found.checks.extend(checks)
        found.left_out.update({name: cell for name, cell in own.items() if name not in timed})
    return found


def chosen(cells: Mapping[str, Cell], count: int, seed: int) -> list[str]:
    """The names of so many `cells` of one family: the lowest and the highest, then those that are
    nearest to the points of a Halton sequence, which fills the grid evenly from its first points
    on. A smaller count has the first ones of a larger one.

    Source: Halton (1960), shifted by the seed as in Cranley and Patterson (1976).
    """
    return list(islice(_in_order(cells, seed), count))


def _in_order(cells: Mapping[str, Cell], seed: int) -> Iterator[str]:
    """Every cell once."""
    levels = _levels(cells)
    left = {  # their names by their places on the axes, each from 0 to 1
        tuple((own.index(cell[axis]) + 0.5) * (1 / len(own)) for axis, own in levels.items()): name
        for name, cell in cells.items()
    }
    ordered = [axis for axis, name in enumerate(levels) if AXES[name].ordered]
    for end in (min, max)[: len(left)]:
        yield left.pop(end(left, key=lambda place: sum(place[axis] for axis in ordered)))
    shifts = [int(sha256(f"{seed}/{axis}".encode()).hexdigest(), 16) / 2**256 for axis in levels]
    bases = list(islice(_primes(), len(levels)))
    for number in numbers(1):
        if not left:
            return
        point = [
            (_mirrored(number, base) + shift) % 1 for base, shift in zip(bases, shifts, strict=True)
        ]
        yield left.pop(_nearest(point, left, levels))


def _levels(cells: Mapping[str, Cell]) -> dict[str, list]:
    """The levels of each axis that varies; those of an ordered axis from low to high."""
    found = {}
    for axis in AXES:
        levels = list(dict.fromkeys(cell[axis] for cell in cells.values() if axis in cell))
        if len(levels) > 1:
            found[axis] = sorted(levels) if AXES[axis].ordered else levels
    return found


def _nearest(point: list[float], left: Mapping[tuple, str], levels: dict[str, list]) -> tuple:
    """The place in which the point lies, where it is left; else the one whose largest distance on
    an axis is the smallest."""
    steps = [1 / len(own) for own in levels.values()]
    exact = tuple((share // step + 0.5) * step for share, step in zip(point, steps, strict=True))
    if exact in left:
        return exact
    return min(left, key=lambda place: max((abs(a - b) for a, b in zip(place, point, strict=True))))


def _mirrored(number: int, base: int) -> float:
    """The digits of a number in a base, mirrored at the point.

    >>> [_mirrored(number, 2) for number in (1, 2, 3, 4)]
    [0.5, 0.25, 0.75, 0.125]
    """
    share, weight = 0.0, 1.0
    while number:
        number, digit = divmod(number, base)
        weight /= base
        share += weight * digit
    return share


def _primes() -> Iterator[int]:
    return (n for n in numbers(2) if all(n % divisor for divisor in range(2, n)))
