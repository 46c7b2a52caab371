"""Where the project lies, and uv, which set up the environment of the tests."""

import shutil
from pathlib import Path

ROOT = Path(__file__).parents[2]
UV = shutil.which("uv") or str(ROOT / ".uv/bin/uv")
