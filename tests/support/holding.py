"""Another process that holds a lock."""

import os
import subprocess
import sys

from paths import ROOT

SCRIPTS = str(ROOT / "workflow" / "scripts")


def holding(code: str, *arguments: str) -> subprocess.Popen:
    """Another process that holds a lock until it is killed or its input is closed."""
    process = subprocess.Popen(
        [sys.executable, "-c", code, *arguments], env=os.environ | {"PYTHONPATH": SCRIPTS},
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout.readline() == "holds\n"
    return process


def end(process: subprocess.Popen) -> None:
    process.communicate(timeout=20)
