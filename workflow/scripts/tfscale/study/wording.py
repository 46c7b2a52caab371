"""How keys and values stand in a message."""

from collections.abc import Iterable
from datetime import date
from difflib import get_close_matches
from reprlib import Repr

LONGEST = 60

_short = Repr()
_short.maxstring = _short.maxother = _short.maxlong = LONGEST
_short.maxlist = _short.maxdict = 6


def quoted(value: object) -> str:
    """Write a value as Python does, shortened.

    >>> quoted(["a", 1.0])
    "['a', 1.0]"
    """
    return str(value) if isinstance(value, date) else _short.repr(value)


def dotted(path: Iterable[object]) -> str:
    """Name a key as the user would.

    >>> dotted(["grid", 0, "layers"])
    'grid[0].layers'
    """
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += f".{_word(part)}" if text else _word(part)
    return text or "config"


def suggest(word: object, known: Iterable[object]) -> str:
    """Say what the user may have meant, or all that is known.

    >>> suggest("layer", ["layers", "model"])
    '; did you mean layers?'
    """
    names = [str(item) for item in known]
    close = get_close_matches(str(word)[:LONGEST], names, n=1)
    return f"; did you mean {close[0]}?" if close else f"; known: {', '.join(names)}"


def _word(part: object) -> str:
    text = str(part)
    return text if text.isprintable() and 0 < len(text) <= LONGEST else quoted(text)
