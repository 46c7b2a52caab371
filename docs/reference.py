"""Writes the generated pages: see PAGES. Part of `make docs`."""

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "workflow" / "scripts")]

from architecture import architecture  # noqa: E402
from configuration_reference import configuration, schema  # noqa: E402
from output_reference import output  # noqa: E402

PAGES = {
    "architecture.md": architecture,
    "configuration.md": configuration,
    "output.md": output,
    "../workflow/schemas/config.schema.json": schema,
}

if __name__ == "__main__":
    for name, page in PAGES.items():
        (HERE / name).write_text(page(), encoding="utf-8")
