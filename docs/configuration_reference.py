"""The configuration reference and the schema for editors, from the model of config.yaml."""

import json
from collections.abc import Iterator
from types import NoneType
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from tfscale.study.settings import CallAxes, Config, Reason

CONFIGURATION = """# Configuration

Written by `make docs` from `workflow/scripts/tfscale/study/settings.py`; do not edit.

Every key of config.yaml. Unknown keys are refused, and all mistakes are reported at once. Keys can
also be set on the command line: `snakemake --config seed=3 'timing={rounds: 3}'`. Another file goes
over config.yaml with `snakemake --configfile my.yaml`. In another folder (`--directory`, or
`--snakefile` from there) its own config.yaml counts; where there is none, that of the pipeline.
"""
BOUNDS = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<"}
KINDS = {
    int: "whole number",
    float: "number",
    str: "text",
    bool: "true or false",
    NoneType: "null",
}
TABLE = ["| key | type | allowed | meaning |", "|---|---|---|---|"]
OF_FAMILIES = {
    CallAxes: "| list of values |  | An axis of the models: a parameter of a family's `build`. |",
    Reason: "| value or list of values |  | An axis: the values that these cells have. |",
}
"""Keys beside those of a section, by name the axes of the study's families."""
GRIDS = {"grid": "section or list of sections", "predict": "section, list of sections or null"}


def configuration() -> str:
    """The page: a table of the sections, and a table of the keys of each."""
    lines = [CONFIGURATION, "## Sections\n", *TABLE, *_keys("", Config)]
    for name, field in Config.model_fields.items():
        sections = [part for part in _parts(field) if _is_section(part)]
        if sections and name != "predict":
            listed = get_origin(field.annotation) is list and name != "grid"
            also = " Also the keys of `predict`." if name == "grid" else ""
            lines += [f"\n## `{name}`\n", f"{_meaning(field)}{also}\n", *TABLE]
            named = get_origin(field.annotation) is dict
            prefix = f"{name}[]." if listed else f"{name}.<name>." if named else f"{name}."
            lines += _keys(prefix, sections[0])
    return "\n".join(lines) + "\n"


def schema() -> str:
    """The JSON schema that editors check config.yaml with."""
    return json.dumps(Config.model_json_schema(), ensure_ascii=False) + "\n"


def _keys(prefix: str, section: type[BaseModel]) -> Iterator[str]:
    for name, field in section.model_fields.items():
        kind = GRIDS.get(name) if section is Config else None
        cells = [f"`{prefix}{name}`", kind or _kind(field.annotation), _allowed(field)]
        yield f"| {' | '.join(cells)} | {_meaning(field)} |"
    if section in OF_FAMILIES:
        yield f"| `{prefix}<axis>` {OF_FAMILIES[section]}"


def _meaning(field: FieldInfo) -> str:
    return " ".join((field.description or "").split())


def _kind(kind: Any) -> str:
    if _is_section(kind) or get_origin(kind) is dict:
        return "section"
    inner = get_args(kind)
    if get_origin(kind) is Annotated:
        return _kind(inner[0])
    if get_origin(kind) is Literal:
        return "text"
    if get_origin(kind) is list:
        return f"list of {_kind(inner[0])}"
    return KINDS.get(kind) or " or ".join(map(_kind, inner))


def _allowed(field: FieldInfo) -> str:
    """The choices and bounds of a value or of the values of a list."""
    words = []
    for part in _parts(field):
        words += [f"`{part}`"] if isinstance(part, str) else []
        for known in [part, *getattr(part, "metadata", [])]:
            words += [
                f"{sign} {getattr(known, name):,}"
                for name, sign in BOUNDS.items()
                if hasattr(known, name)
            ]
    return ", ".join(words)


def _parts(field: FieldInfo) -> list[Any]:
    """All that a field's type is made of, down to bounds and choices."""

    def below(part: Any) -> Iterator[Any]:
        yield part
        for inner in get_args(part):
            yield from below(inner)

    return [*below(field.annotation), *field.metadata]


def _is_section(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)
