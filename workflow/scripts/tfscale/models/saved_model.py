"""The fingerprint by which a SavedModel of this study is known again."""

import hashlib
from pathlib import Path

from tfscale.errors import StudyError


def digest(saved_model: str | Path) -> str:
    """SHA-256 over the names and contents of a SavedModel's files."""
    total = hashlib.sha256()
    for file in sorted(Path(saved_model).rglob("*")):
        if file.is_file() and not file.name.startswith("."):
            total.update(str(file.relative_to(saved_model)).encode())
            total.update(hashlib.sha256(file.read_bytes()).digest())
    return total.hexdigest()


def verify(saved_model: str | Path, expected: str) -> None:
    """Raise StudyError when the SavedModel is not the one that was trained."""
    if digest(saved_model) != expected:
        folder = Path(saved_model).parent
        raise StudyError(
            f"{saved_model} is damaged or was not made by this study: "
            f"delete {folder} and type the same command again"
        )
