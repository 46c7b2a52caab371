"""What can happen to a file: every kind of damage, done to it for as long as a block lasts."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

DAMAGES: dict[str, Callable[[bytes, bytes], bytes]] = {
    "truncated": lambda content, other: content[: len(content) // 2],
    "last byte lost": lambda content, other: content[:-1],
    "emptied": lambda content, other: b"",
    "one bit in the middle": lambda content, other: flipped(content, len(content) // 2),
    "one bit near the end": lambda content, other: flipped(content, len(content) - 2),
    "another's file": lambda content, other: other,
}
"""What becomes of a file's content, and of that of another file of the same kind, by name."""


def flipped(content: bytes, place: int) -> bytes:
    """The content with one bit changed."""
    return content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]


@contextmanager
def damaged(path: Path, content: bytes) -> Iterator[None]:
    """The file with this content instead of its own, which it gets back."""
    whole = path.read_bytes()
    path.write_bytes(content)
    try:
        yield
    finally:
        path.write_bytes(whole)
