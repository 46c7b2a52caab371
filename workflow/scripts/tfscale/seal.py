"""A seal inside a file: any later change of a byte is noticed, with the standard library alone.

The writer puts PLACEHOLDER somewhere into the file's own metadata; `seal` replaces it by the
SHA-256 of the file as it was with the placeholder.
"""

import hashlib
from pathlib import Path

MARK = b"tfscale-seal:"
DIGITS = 64
PLACEHOLDER = MARK + b"0" * DIGITS


def seal(path: Path) -> None:
    """Seal a file that contains PLACEHOLDER exactly once."""
    content = path.read_bytes()
    if content.count(PLACEHOLDER) != 1:
        raise ValueError(f"{path} must hold the placeholder of the seal once")
    digest = hashlib.sha256(content).hexdigest().encode()
    path.write_bytes(content.replace(PLACEHOLDER, MARK + digest))


def intact(path: Path) -> bool:
    """Whether the file is byte for byte as it was sealed."""
    content = path.read_bytes()
    start = content.rfind(MARK)
    if start < 0:
        return False
    end = start + len(PLACEHOLDER)
    original = content[:start] + PLACEHOLDER + content[end:]
    return hashlib.sha256(original).hexdigest().encode() == content[start + len(MARK) : end]
