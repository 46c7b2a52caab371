"""What is known of a trained model, as its training wrote it (facts.json)."""

import json
from pathlib import Path

from tfscale.axes import AXES, cell_name
from tfscale.errors import StudyError


def read_facts(path: str) -> dict:
    """The facts of the trained model whose folder the file lies in.

    Raises StudyError when the file is damaged or of another model.
    """
    again = f"delete {Path(path).parent} and type the same command again"
    try:
        facts = json.loads(Path(path).read_text(encoding="utf-8"))
        name = cell_name({axis: facts[axis] for axis in AXES if axis in facts})
    except (ValueError, TypeError, AttributeError):
        raise StudyError(f"{path} is damaged: {again}") from None
    if name != Path(path).parent.name:
        raise StudyError(f"{path} is of the model {name}: {again}")
    return facts
