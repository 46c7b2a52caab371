import runpy

from paths import ROOT

from tfscale.axes import AXES
from tfscale.config import schema


def test_the_configuration_reference_is_that_of_the_schema():
    page = runpy.run_path(str(ROOT / "docs" / "reference.py"))["reference"]()
    assert (ROOT / "docs" / "configuration.md").read_text() == page, "type: make docs"
    for axis in AXES:
        assert f"`grid.{axis}`" in page


def test_every_key_of_the_config_has_a_comment_and_a_line_in_the_reference(config):
    page = (ROOT / "docs" / "configuration.md").read_text()
    text = (ROOT / "config.yaml").read_text()
    for section, keys in config.items():
        for key in keys if isinstance(keys, dict) else []:
            assert f"`{section}.{key}`" in page
            (line,) = [line for line in text.splitlines() if line.startswith(f"  {key}: ")][:1]
            assert "  # " in line


KEYWORDS = {
    "$schema", "$defs", "$ref", "title", "description", "type", "additionalProperties", "required",
    "properties", "enum", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "minItems",
    "uniqueItems", "minLength", "items", "oneOf",
}  # fmt: skip


def test_the_schema_has_no_stray_keyword():
    def walk(node: dict) -> None:
        assert set(node) <= KEYWORDS, set(node) - KEYWORDS
        for name in ("properties", "$defs"):
            for inner in node.get(name, {}).values():
                walk(inner)
        for inner in [*node.get("oneOf", []), *([node["items"]] if "items" in node else [])]:
            walk(inner)

    walk(schema())
