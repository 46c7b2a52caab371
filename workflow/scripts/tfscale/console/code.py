"""Which files a stage depends on; what is redone; `kept`, `sums`, `job` for the rules.

Only for results that their owner knows to be sound: from then on changes are noticed, whatever
was wrong before stays. Checksums that are there already are left alone.
"""

import argparse
import ast
import hashlib
import os
import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tfscale.files.checksums import faults_of, write
from tfscale.files.whole import intact

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


def redo_if_lost(workflow, run: str, merged: str) -> list[str]:
    """An input function that asks for nothing, but has a lost run and all that follows redone.

    Snakemake looks at times only and never for a missing file behind an up-to-date table, so the
    file is added to those that it must remake, as it does itself with incomplete ones.
    """
    path = Path(run)
    if path.exists() and not intact(path):
        _redo(workflow, run, [f"{run} is damaged"])
    elif not path.exists() and Path(merged).exists():
        workflow.dag.forcefiles.add(run)
    return []


def redo_if_changed(workflow, sums: str) -> list[str]:
    """An input function that asks for nothing, but has a job redone, with all that follows, when
    a file that it wrote has changed since then or is gone; `sums` are its checksums."""
    if workflow.is_main_process and Path(sums).exists():
        faults = [fault.rpartition(": ")[0] for fault in faults_of(sums)]
        if faults:
            _redo(workflow, sums, faults)
    return []


def _redo(workflow, file: str, faults: list[str]) -> None:
    if file not in workflow.dag.forcefiles and workflow.is_main_process:
        print("\n".join(f"{fault}: it is made again" for fault in faults), file=sys.stderr)
    workflow.dag.forcefiles.add(file)


MODEL = ("saved_model", "facts.json", "structure.txt", "history.csv", "predictions.parquet")


def vouch(results: str, models: str, resources: str) -> list[str]:
    """Write what is missing for encoded data, trained models, the machine and the floor; returns
    the paths written. Tables, figures and the report are cheap: they are made again."""
    written = []
    for sums, outputs in _jobs(Path(results), Path(models), Path(resources)):
        if not sums.exists() and all(path.exists() for path in outputs):
            sums.parent.mkdir(parents=True, exist_ok=True)
            write([str(path) for path in outputs], str(sums))
            written.append(str(sums))
    return written


def _jobs(results: Path, models: Path, resources: Path) -> Iterator[tuple[Path, list[Path]]]:
    for manifest in sorted(resources.glob("encoded/*/*.json")):
        arrays = manifest.with_suffix(".npz")
        yield manifest.with_suffix(".sha256"), [arrays, manifest]
    for facts in sorted(models.glob("*/facts.json")):
        yield facts.with_name("SHA256SUMS"), [facts.with_name(name) for name in MODEL]
    yield results / "checksums" / "calibrate.sha256", [results / "machine.json"]
    bounds = [results / name for name in ("floor.parquet", "roofs.parquet")]
    yield results / "checksums" / "floor.sha256", bounds


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tfscale.console.code", description=__doc__)
    parser.add_argument("--results", default="results", help="folder of results (results)")
    parser.add_argument("--models", help="folder of trained models (models in that of results)")
    parser.add_argument("--resources", default="resources", help="encoded data (resources)")
    asked = parser.parse_args()
    models = asked.models or f"{asked.results}/models"
    for path in vouch(asked.results, models, asked.resources) or ["nothing is missing"]:
        print(path)
