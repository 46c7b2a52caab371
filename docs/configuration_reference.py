"""The configuration reference, from the schema of config.yaml."""

from collections.abc import Iterator

from tfscale.study.config import schema

CONFIGURATION = """# Configuration

Written by `make docs` from `workflow/schemas/config.schema.yaml`; do not edit.

Every key of config.yaml. Unknown keys are refused, and all mistakes are reported at once. Keys can
also be set on the command line: `snakemake --config seed=3 'timing={rounds: 3}'`. Another file goes
over config.yaml with `snakemake --configfile my.yaml`.
"""
BOUNDS = {
    "minimum": "≥ {}",
    "exclusiveMinimum": "> {}",
    "maximum": "≤ {}",
    "exclusiveMaximum": "< {}",
}
TABLE = ["| key | type | allowed | meaning |", "|---|---|---|---|"]


def configuration() -> str:
    """The page: a table of the sections, and a table of the keys of each."""
    whole = schema()
    subgrid = whole["$defs"]["subgrid"]
    lines = [CONFIGURATION, "## Sections\n", *TABLE]
    lines += [_line(name, value) for name, value in whole["properties"].items()]
    for name, value in whole["properties"].items():
        keys = [*_keys(name, value), *_keys(f"{name}[]", value.get("items", {}))]
        if name == "grid":
            keys = list(_keys(name, subgrid))
        if keys:
            also = " Also the keys of `predict`." if name == "grid" else ""
            lines += [f"\n## `{name}`\n", f"{value['description']}{also}\n", *TABLE, *keys]
    return "\n".join(lines) + "\n"


def _keys(prefix: str, section: dict) -> Iterator[str]:
    for key, value in section.get("properties", {}).items():
        yield _line(f"{prefix}.{key}", value)


def _line(name: str, value: dict) -> str:
    return f"| `{name}` | {_kind(value)} | {_allowed(value)} | {value['description']} |"


def _kind(value: dict) -> str:
    kinds = value.get("type", "text" if "enum" in value else "section or list of sections")
    if kinds == "array":
        return f"list of {_kind(value['items'])}"
    names = {"object": "section", "string": "text", "integer": "whole number"}
    names |= {"boolean": "true or false", "array": "list"}
    return " or ".join(
        names.get(kind, kind) for kind in ([kinds] if isinstance(kinds, str) else kinds)
    )


def _allowed(value: dict) -> str:
    inner = value.get("items", value)
    words = [f"`{choice}`" for choice in inner.get("enum", [])]
    words += [text.format(f"{inner[key]:,}") for key, text in BOUNDS.items() if key in inner]
    return ", ".join(words)
