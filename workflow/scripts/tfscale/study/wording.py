"""How keys and values stand in a message; how large a tree is."""

import math
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from difflib import get_close_matches
from reprlib import Repr
from typing import Any

LONGEST = 60
HUGE = 10**40
KINDS = {
    "integer": "a whole number", "number": "a number", "string": "a text", "array": "a list",
    "boolean": "true or false", "object": "a section of keys", "null": "null",
}  # fmt: skip

_short = Repr()
_short.maxstring = _short.maxother = LONGEST
_short.maxlist = _short.maxdict = 6


def quoted(value: object) -> str:
    """A value as Python writes it, shortened."""
    if isinstance(value, int) and abs(value) >= HUGE:
        return "a number of very many digits"  # which Python may refuse to print
    return str(value) if isinstance(value, date) else _short.repr(value)


def dotted(path: Iterable[object]) -> str:
    """A key as the user would name it, e.g. `grid[0].layers`."""
    text = ""
    for part in path:
        if isinstance(part, int) and not isinstance(part, bool):
            text += f"[{part}]"
        else:
            text += f".{_word(part)}" if text else _word(part)
    return text or "config"


def suggest(word: object, known: Iterable[object]) -> str:
    """What the user may have meant, or all that is known."""
    names = [str(item) for item in known]
    close = get_close_matches(str(word)[:LONGEST], names, n=1)
    return f"; did you mean {close[0]}?" if close else f"; known: {', '.join(names)}"


def either(types: str | list[str]) -> str:
    """Types of the schema in words."""
    return " or ".join(KINDS[kind] for kind in ([types] if isinstance(types, str) else types))


def remedy(value: object, types: str | list[str]) -> str:
    """What to type instead of a value of the wrong type, where that can be known."""
    wanted = {types} if isinstance(types, str) else set(types)
    numbers = wanted & {"integer", "number"}
    if isinstance(value, float) and numbers:
        if not math.isfinite(value):
            return "; nan and infinity are no numbers here"
        return f"; write {int(value)}" if value.is_integer() else ""
    if isinstance(value, str) and numbers:
        number = _number_in(value, whole="number" not in wanted)
        return "" if number is None else f"; YAML reads a text here: write {number}"
    if value is None and "array" in wanted:
        return "; write [] for none"
    if "array" in wanted and isinstance(value, (bool, int, float, str)):
        return f"; write [{value if isinstance(value, str) else quoted(value).lower()}]"
    if isinstance(value, bool) and wanted & {"string"}:
        return "; YAML takes yes, no, on and off for true and false: put it in quotes"
    if isinstance(value, (int, float, date)) and wanted & {"string"}:
        return "; put it in quotes"
    return ""


def _word(part: object) -> str:
    text = str(part)
    return text if text.isprintable() and 0 < len(text) <= LONGEST else quoted(text)


def _number_in(text: str, whole: bool) -> int | float | None:
    """The number that a text was meant to be: YAML wants `1.0e-3`, not `1e-3`."""
    try:
        number = float(text)
    except ValueError:
        return None
    if number.is_integer():
        return int(number)
    return None if whole or not math.isfinite(number) else number


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
