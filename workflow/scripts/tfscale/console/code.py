"""Which files a rule's result depends on: its script and every module that the script imports."""

import ast
import hashlib
import os
import re
from functools import cache
from pathlib import Path

SCRIPTS = Path(__file__).parents[2]
PACKAGE = "tfscale"
TARGET = re.compile(rf"{PACKAGE}\.[\w.]+:\w+$")
"""What a job is asked to do (see `job`): module:function."""


def code(script: str) -> list[str]:
    """The script (a name under workflow/scripts) and all its own modules, relative to here.

    Snakemake's own code trigger compares times and never looks into imported modules; listed
    as inputs they are compared by checksum.
    """
    found: dict[Path, None] = {}
    waiting = [SCRIPTS / script]
    while waiting:
        path = waiting.pop()
        if path not in found:
            found[path] = None
            waiting += _imported(path)
    return sorted(os.path.relpath(path) for path in found)


def code_digest(script: str) -> str:
    """The script's name with a digest over names and contents of all files of `code`.

    For a rule with thousands of jobs: as inputs, its files would be looked at for every one of
    them whenever Snakemake plans or chooses a job. As a parameter of the job the digest is compared
    by content just the same.
    """
    digest = hashlib.sha256()
    for path in sorted(map(Path, code(script)), key=_name):
        digest.update(_name(path).encode() + hashlib.sha256(path.read_bytes()).digest())
    return f"{script} {digest.hexdigest()[:16]}"


def _name(path: Path) -> str:
    return os.path.relpath(path, SCRIPTS)


@cache
def _imported(path: Path) -> list[Path]:
    """The project's modules that a file imports or has a job do, anywhere in it."""
    names: list[str] = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.append(node.module)
            names += [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Constant) and TARGET.match(str(node.value)):
            names.append(str(node.value).split(":")[0])
    ours = [name for name in names if name.split(".")[0] == PACKAGE]
    files = [SCRIPTS.joinpath(*name.split(".")) for name in ours]
    return [file.with_suffix(".py") for file in files if file.with_suffix(".py").is_file()]
