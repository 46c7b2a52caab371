"""Reads a study's configuration and reports every mistake in it at once."""

from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator

from tfscale.axes import cell_name
from tfscale.errors import StudyError
from tfscale.grid import cells, impossible, subgrids

SCHEMA = Path(__file__).parents[2] / "schemas" / "config.schema.yaml"
MOST_CELLS_NAMED = 5


class ConfigError(StudyError):
    """The configuration has mistakes; the message lists all of them, one line each."""


def schema() -> dict:
    """The closed JSON schema of config.yaml."""
    return yaml.safe_load(SCHEMA.read_text())


def check(config: dict) -> None:
    """Raise ConfigError when the study has any mistake."""
    mistakes = list(dict.fromkeys(_schema_mistakes(config)))
    if not mistakes:
        mistakes = [*_impossible_cells(config), *_contradictions(config)]
    if mistakes:
        count = "1 mistake" if len(mistakes) == 1 else f"{len(mistakes)} mistakes"
        lines = "\n".join(f"  {mistake}" for mistake in mistakes)
        raise ConfigError(f"The configuration has {count}:\n{lines}\nSee docs/configuration.md.")


def _schema_mistakes(config: dict) -> Iterator[str]:
    for error in Draft202012Validator(schema()).iter_errors(config):
        yield from _explain(error)


def _explain(error: Any) -> Iterator[str]:
    """One line a mistake: dotted key, what is wrong, what to do."""
    where = _dotted(error.absolute_path)
    match error.validator:
        case "oneOf":
            yield from _explain_grid(error)
        case "additionalProperties":
            known = list(error.schema["properties"])
            for key in [key for key in error.instance if key not in known]:
                yield f"{_dotted([*error.absolute_path, key])}: unknown key{_suggest(key, known)}"
        case "required":
            for key in [key for key in error.validator_value if key not in error.instance]:
                yield f"{_dotted([*error.absolute_path, key])}: missing"
        case "enum":
            known = error.validator_value
            yield f"{where}: {error.instance!r} is not known{_suggest(error.instance, known)}"
        case "type":
            yield f"{where}: {error.instance!r} must be {_either(error.validator_value)}"
        case "uniqueItems":
            yield f"{where}: {error.instance} names a value twice"
        case "minItems":
            yield f"{where}: the list is empty; name at least one value"
        case "minLength":
            yield f"{where}: is empty; write null or leave the key out"
        case _:
            words = {"minimum": "at least", "maximum": "at most"}
            words |= {"exclusiveMinimum": "above", "exclusiveMaximum": "below"}
            bound = f"{words[error.validator]} {error.validator_value}"
            yield f"{where}: {error.instance} must be {bound}"


def _explain_grid(error: Any) -> Iterator[str]:
    """The mistakes of the alternative that the user meant: a list of sub-grids or one."""
    if not isinstance(error.instance, (dict, list)):
        where = _dotted(error.absolute_path)
        yield f"{where}: {error.instance!r} must be one sub-grid or a list of sub-grids"
        return
    kinds = [alternative.get("type", "object") for alternative in error.schema["oneOf"]]
    meant = kinds.index("array" if isinstance(error.instance, list) else "object")
    for inner in error.context or []:
        if inner.schema_path[0] == meant:
            yield from _explain(inner)


def _dotted(path) -> str:
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text or "config"


def _suggest(word: object, known: list) -> str:
    close = get_close_matches(str(word), [str(item) for item in known], n=1)
    return f"; did you mean {close[0]}?" if close else f"; known: {', '.join(map(str, known))}"


def _either(types: str | list[str]) -> str:
    names = {"integer": "a whole number", "number": "a number", "string": "a text"}
    names |= {
        "boolean": "true or false",
        "array": "a list",
        "object": "a section of keys",
        "null": "null",
    }
    return " or ".join(names[kind] for kind in ([types] if isinstance(types, str) else types))


def _impossible_cells(config: dict) -> Iterator[str]:
    """Cells that cannot exist, named, grouped by what is wrong with them."""
    for where, part in _parts(config):
        refused: dict[str, list[str]] = {}
        for cell in cells(part).values():
            if reason := impossible(cell):
                refused.setdefault(reason, []).append(cell_name(cell))
        for reason, names in refused.items():
            more = len(names) - MOST_CELLS_NAMED
            tail = f" and {more} more" if more > 0 else ""
            yield f"{where}: {reason}. Cells: {', '.join(names[:MOST_CELLS_NAMED])}{tail}"


def _parts(config: dict) -> Iterator[tuple[str, dict]]:
    """Every sub-grid of the study and of what it predicts, with its key."""
    for key in ("grid", "predict"):
        if grid := config.get(key):
            for index, part in enumerate(subgrids(grid)):
                yield (f"{key}[{index}]" if isinstance(grid, list) else key), part


def _contradictions(config: dict) -> Iterator[str]:
    """Settings that are right alone and cannot be kept together."""
    training, evaluation = config["training"], config["evaluation"]
    if training["max_steps"] is not None and training["max_steps"] < training["epochs"]:
        yield (
            f"training.max_steps: {training['max_steps']} is less than one step for each of the "
            f"{training['epochs']} epochs (training.epochs)"
        )
    for index, entry in enumerate(config.get("imports") or []):
        if entry["path"].endswith(".csv") and "model" not in entry:
            yield f"imports[{index}].model: missing; a table of the paper does not say its model"
        if not Path(entry["path"]).expanduser().exists():
            yield f"imports[{index}].path: there is no {entry['path']}"
    for batch_size in {size for part in subgrids(config["grid"]) for size in part["batch_size"]}:
        if batch_size > evaluation["inputs"]:
            yield (
                f"grid: batch_size {batch_size} is larger than the {evaluation['inputs']} "
                "inputs of a pass (evaluation.inputs)"
            )
