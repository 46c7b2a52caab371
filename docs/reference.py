"""Writes docs/configuration.md from the schema of config.yaml: `make docs`."""

import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "workflow" / "scripts"))

from tfscale.config import schema  # noqa: E402

TARGET = Path(__file__).with_name("configuration.md")
HEAD = """# Configuration

Written by `make docs` from `workflow/schemas/config.schema.yaml`; do not edit.

Every key of config.yaml. Unknown keys are refused, and all mistakes are reported at once. Keys can
also be set on the command line: `snakemake --config seed=3`. Another file goes over config.yaml
with `snakemake --configfile my.yaml`.

| key | type | allowed | meaning |
|---|---|---|---|
"""
BOUNDS = {
    "minimum": "≥ {}",
    "exclusiveMinimum": "> {}",
    "maximum": "≤ {}",
    "exclusiveMaximum": "< {}",
}


def reference() -> str:
    """The page: one line a key."""
    whole = schema()
    lines = list(_lines("", whole))
    lines += _lines("grid", whole["$defs"]["subgrid"])
    return HEAD + "\n".join(lines) + "\n"


def _lines(prefix: str, section: dict):
    for key, value in section.get("properties", {}).items():
        name = f"{prefix}.{key}" if prefix else key
        yield f"| `{name}` | {_type(value)} | {_allowed(value)} | {value['description']} |"
        yield from _lines(name, value)
        if value.get("items", {}).get("type") == "object":
            yield from _lines(f"{name}[]", value["items"])


def _type(value: dict) -> str:
    kinds = value.get("type", "text" if "enum" in value else "section or list of sections")
    if kinds == "array":
        return f"list of {_type(value['items'])}"
    names = {"object": "section", "string": "text", "integer": "whole number"}
    names["boolean"] = "true or false"
    return " or ".join(
        names.get(kind, kind) for kind in ([kinds] if isinstance(kinds, str) else kinds)
    )


def _allowed(value: dict) -> str:
    inner = value.get("items", value)
    words = [f"`{choice}`" for choice in inner.get("enum", [])]
    words += [text.format(f"{inner[key]:,}") for key, text in BOUNDS.items() if key in inner]
    return ", ".join(words)


if __name__ == "__main__":
    TARGET.write_text(reference(), encoding="utf-8")
