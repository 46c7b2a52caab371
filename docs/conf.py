"""How Sphinx builds this folder into a site: `make docs`.

Sphinx was chosen over MkDocs, whose theme and core are no longer developed: it is maintained, fails
on every broken link, and its pages open from the disk, search included, without a network.
"""

import sys
import tomllib
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

project = "tfscale"
release = tomllib.loads((HERE.parent / "pyproject.toml").read_text())["project"]["version"]

extensions = ["myst_parser", "mathml"]
exclude_patterns = ["_site"]
nitpicky = True
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3
html_math_renderer = "mathml"

html_theme = "furo"
html_title = f"tfscale {release}"
html_copy_source = False
html_show_sphinx = False
html_show_copyright = False
