"""How large a tree is whose branches may be shared: YAML's anchors make it grow without a word."""

from collections.abc import Callable, Sequence
from typing import Any

MOST_VALUES = 100_000
DEEPEST = 40
Parts = Callable[[Any], Sequence[Any]]


class EndlessError(Exception):
    """The tree contains itself."""


def unwieldy(root: Any, parts: Parts) -> str | None:
    """Why a tree is too large to be walked over, or None; `parts` gives the branches of a value.

    A branch counts as often as it is used, and is looked at once: ten lines of YAML can stand for
    a billion values.
    """
    try:
        values, depth = _measured(root, parts, {})
    except RecursionError:
        return "is nested too deeply"
    except EndlessError:
        return "contains itself: an alias (*) stands inside its own anchor (&)"
    if values > MOST_VALUES:
        return f"holds more than {MOST_VALUES:,} values when its anchors are written out"
    return f"is nested more than {DEEPEST} levels deep" if depth > DEEPEST else None


def branches(value: Any) -> list[Any]:
    """The branches of plain data: keys and values of a section, values of a list."""
    if isinstance(value, dict):
        return [*value.keys(), *value.values()]
    return list(value) if isinstance(value, (list, tuple, set)) else []


def _measured(value: Any, parts: Parts, known: dict[int, tuple[int, int]]) -> tuple[int, int]:
    """Number of values and depth."""
    if id(value) not in known:
        known[id(value)] = (0, 0)  # being looked at
        inner = [_measured(part, parts, known) for part in parts(value)]
        depth = 1 + max((deep for _, deep in inner), default=0)
        known[id(value)] = (1 + sum(count for count, _ in inner), depth)
    if not known[id(value)][0]:
        raise EndlessError
    return known[id(value)]
