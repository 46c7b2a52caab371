"""A seal inside a file: any later change of a byte is noticed, with the standard library alone.

The writer puts PLACEHOLDER somewhere into the file's own metadata; `seal` replaces it by the
SHA-256 of the file as it was with the placeholder. Files are mapped, never held: some are large.
"""

import hashlib
import mmap
from pathlib import Path

MARK = b"tfscale-seal:"
DIGITS = 64
PLACEHOLDER = MARK + b"0" * DIGITS


def seal(path: Path) -> None:
    """Seal a file that contains PLACEHOLDER exactly once."""
    with path.open("r+b") as file, mmap.mmap(file.fileno(), 0) as content:
        start = content.find(PLACEHOLDER)
        if start < 0 or content.find(PLACEHOLDER, start + 1) >= 0:
            raise ValueError(f"{path} must hold the placeholder of the seal once")
        digest = hashlib.sha256(content).hexdigest().encode()
        content[start + len(MARK) : start + len(PLACEHOLDER)] = digest


def intact(path: Path) -> bool:
    """Whether the file is byte for byte as it was sealed."""
    if not path.stat().st_size:
        return False
    with (
        path.open("rb") as file,
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content,
    ):
        return as_sealed(content)


def as_sealed(content: bytes | mmap.mmap) -> bool:
    """Whether a file's content is byte for byte as it was sealed."""
    start = content.rfind(MARK)
    end = start + len(PLACEHOLDER)
    if start < 0 or end > len(content):
        return False
    with memoryview(content) as view:
        original = hashlib.sha256(view[:start])
        original.update(PLACEHOLDER)
        original.update(view[end:])
    return original.hexdigest().encode() == content[start + len(MARK) : end]
