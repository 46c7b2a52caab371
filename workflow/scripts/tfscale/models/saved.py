"""Read the facts of a trained model, and tell its SavedModel from any other."""

import hashlib
import json
from pathlib import Path

from tfscale.axes import axes_of, cell_name
from tfscale.errors import StudyError


def digest(saved_model: str | Path) -> str:
    """SHA-256 over the names and contents of a SavedModel's files."""
    total = hashlib.sha256()
    for file in sorted(Path(saved_model).rglob("*")):
        if file.is_file() and not file.name.startswith("."):
            total.update(str(file.relative_to(saved_model)).encode())
            total.update(hashlib.sha256(file.read_bytes()).digest())
    return total.hexdigest()


def inputs_digest(inputs: dict) -> str:
    """Tells models that take the same inputs (see `models.inputs`) from others."""
    return hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()[:16]


def read_facts(path: str) -> dict:
    """The facts of the trained model whose folder the file lies in.

    Raises StudyError when the file is damaged or of another model.
    """
    again = f"delete {Path(path).parent} and type the same command again"
    try:
        facts = json.loads(Path(path).read_text(encoding="utf-8"))
        known = ("model", *axes_of(facts["model"]))
        name = cell_name({axis: facts[axis] for axis in known if axis in facts})
    except (ValueError, TypeError, AttributeError, KeyError):
        raise StudyError(f"{path} is damaged: {again}") from None
    if name != Path(path).parent.name:
        raise StudyError(f"{path} is of the model {name}: {again}")
    return facts
