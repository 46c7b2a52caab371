"""How keys and values of a configuration are written in a message: in one line, never too long."""

import math
from collections.abc import Iterable
from datetime import date
from difflib import get_close_matches
from reprlib import Repr

LONGEST = 60
HUGE = 10**40
KINDS = {
    "integer": "a whole number", "number": "a number", "string": "a text", "array": "a list",
    "boolean": "true or false", "object": "a section of keys", "null": "null",
}  # fmt: skip

_short = Repr()
_short.maxstring = _short.maxother = LONGEST
_short.maxlist = _short.maxdict = 6


def shown(value: object) -> str:
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
        return f"; write [{value if isinstance(value, str) else shown(value).lower()}]"
    if isinstance(value, bool) and wanted & {"string"}:
        return "; YAML takes yes, no, on and off for true and false: put it in quotes"
    if isinstance(value, (int, float, date)) and wanted & {"string"}:
        return "; put it in quotes"
    return ""


def _word(part: object) -> str:
    text = str(part)
    return text if text.isprintable() and 0 < len(text) <= LONGEST else shown(text)


def _number_in(text: str, whole: bool) -> int | float | None:
    """The number that a text was meant to be: YAML wants `1.0e-3`, not `1e-3`."""
    try:
        number = float(text)
    except ValueError:
        return None
    if number.is_integer():
        return int(number)
    return None if whole or not math.isfinite(number) else number
