"""The one error that is the user's to mend, and what any other one says in a line."""

import re
from textwrap import shorten

LONGEST = 300
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
NO_REASON = "Exception encountered when calling "
"""What Keras says first, before the reason."""
PLACES = re.compile(r"^(<unknown>:\d+: )?error: loc\(.*\): |^<unknown>:\d+: error: ")
"""Where in the graph: what MLIR says first."""


class StudyError(Exception):
    """Something that the user can mend; the message says what, where and what to do next."""


def reason(error: BaseException) -> str:
    """What an error says first, in a line: the name of its type where it says nothing.

    >>> reason(ValueError("too small: 3\\nmore")), reason(KeyError())
    ('too small: 3', 'KeyError')
    >>> reason(TypeError("Exception encountered when calling A.call().\\n\\x1b[1mno a\\x1b[0m"))
    'no a'
    >>> reason(RuntimeError("<unknown>:0: error: loc(callsite(f at g)): 'tf.X' op is unknown"))
    "'tf.X' op is unknown"
    """
    lines = [line.strip() for line in COLOUR.sub("", str(error)).splitlines()]
    said = [line for line in lines if line and not line.startswith(NO_REASON)]
    first = PLACES.sub("", said[0]) if said else type(error).__name__
    return shorten(first, LONGEST, placeholder=" …")
