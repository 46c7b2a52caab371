"""Whether what looks finished in a study is whole, whether two studies are equal; a power cut."""

import json
import re
import shutil
import zipfile
from base64 import urlsafe_b64decode
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pandas as pd
import pyarrow.parquet as pq

from tfscale.files.whole import intact
from tfscale.models.saved import digest

FOLDERS = ("results", "resources/encoded")
RUNS = "results/runs/"
VARIES = re.compile(r"results/logs/|results/README\.md$|.*/\.snakemake_timestamp$")
KEYS = ["cell", "round", "process"]
DIGEST = "saved_model_sha256"
FIXED = [
    "cell",
    "model",
    "layers",
    "batch_size",
    "conv_size",
    "input_size",
    "threads",
    "parameters",
    "training_examples",
    "training_steps",
    "test_accuracy",
    "operations",
    "flop_per_example",
]
"""Columns of a cell that no timing touches."""


def half_made(root: Path) -> list[str]:
    """The files that look finished and are not; those that Snakemake knows as incomplete do not
    look finished."""
    known = incomplete(root)
    return [
        name
        for name in files(root)
        if name not in known and not _is_part(name, known) and not _is_whole(root / name)
    ]


def incomplete(root: Path) -> set[str]:
    """The outputs that Snakemake has marked as begun and not finished."""
    folder = root / ".snakemake/incomplete"
    marks = [path.relative_to(folder) for path in folder.rglob("*") if path.is_file()]
    words = {"".join(part.removeprefix("@") for part in mark.parts) for mark in marks}
    return {_decoded(word) for word in words - {"migration_underway"}}


def files(root: Path) -> list[str]:
    """The results and encoded data of a study, without logs."""
    found = [
        str(path.relative_to(root))
        for folder in FOLDERS
        for path in (root / folder).rglob("*")
        if path.is_file()
    ]
    return sorted(name for name in found if not VARIES.match(name))


def cut_power(root: Path, chance: Random) -> int:
    """Damage or remove what the file system need not have kept: temporary files and outputs of
    unfinished jobs; returns how many files."""
    parts = sorted((root / "results").rglob("*.part"))
    begun = [*parts, *(root / name for name in incomplete(root))]
    found = {file for path in begun for file in (path, *path.rglob("*")) if file.is_file()}
    for path in sorted(found):
        content = path.read_bytes()
        kept = content[: chance.randrange(len(content) + 1)]
        zeroed = kept + bytes(len(content) - len(kept))
        left = chance.choice((content, kept, zeroed, b"", None))
        path.unlink() if left is None else path.write_bytes(left)
    for folder in parts:
        if folder.is_dir() and chance.random() < 0.5:
            shutil.rmtree(folder)
    return len(found)


def differences(one: Path, other: Path) -> list[str]:
    """What is not the same in two studies beyond their timings; a row twice counts too."""
    return [*_files_differ(one, other), *_models_differ(one, other), *_tables_differ(one, other)]


def _files_differ(one: Path, other: Path) -> Iterator[str]:
    here, there = set(files(one)), set(files(other))
    yield from (f"missing: {name}" for name in sorted(here - there))
    yield from (f"left over: {name}" for name in sorted(there - here))


def _models_differ(one: Path, other: Path) -> Iterator[str]:
    for name in sorted(path.parent.name for path in one.glob("results/models/*/facts.json")):
        here, there = (root / "results/models" / name for root in (one, other))
        if _facts(here) | {DIGEST: ""} != _facts(there) | {DIGEST: ""}:
            yield f"{name}: other facts"
        if (here / "history.csv").read_text() != (there / "history.csv").read_text():
            yield f"{name}: trained otherwise"
        answers = [pd.read_parquet(folder / "predictions.parquet") for folder in (here, there)]
        if not answers[0].equals(answers[1]):
            yield f"{name}: predicts otherwise"
        if not _facts_are_of_model(there):
            yield f"{name}: not the SavedModel of its facts"


def _tables_differ(one: Path, other: Path) -> Iterator[str]:
    keys = [pd.read_parquet(root / "results/runs.parquet")[KEYS] for root in (one, other)]
    if keys[1].duplicated().any():
        yield "runs.parquet: a row twice"
    runs = [set(map(tuple, table.to_numpy())) for table in keys]
    if runs[0] != runs[1]:
        yield f"runs.parquet: {len(runs[0] ^ runs[1])} processes in one study only"
    cells = [pd.read_parquet(root / "results/cells.parquet")[FIXED] for root in (one, other)]
    if not cells[0].equals(cells[1]):
        yield "cells.parquet: other cells"


def _facts(folder: Path) -> dict:
    return json.loads((folder / "facts.json").read_text())


def _facts_are_of_model(folder: Path) -> bool:
    return _facts(folder)[DIGEST] == digest(folder / "saved_model")


def _is_part(name: str, known: set[str]) -> bool:
    """Whether it is nothing by its name, or lies in a folder that is not finished."""
    return ".part" in name or any(name.startswith(f"{folder}/") for folder in known)


def _is_whole(path: Path) -> bool:
    name = path.as_posix()
    try:
        if RUNS in name:
            return intact(path)
        if path.name == "facts.json":
            return _facts_are_of_model(path.parent)
        return _opens(path)
    except (OSError, ValueError, KeyError):
        return False


def _opens(path: Path) -> bool:
    match path.suffix:
        case ".parquet":
            pq.read_table(path)
        case ".json":
            json.loads(path.read_text())
        case ".npz":
            return zipfile.is_zipfile(path) and zipfile.ZipFile(path).testzip() is None
        case ".html" | ".svg":
            return path.read_text().rstrip().endswith((f"</{path.suffix[1:]}>",))
    return path.stat().st_size > 0


def _decoded(word: str) -> str:
    return urlsafe_b64decode(word + "=" * (-len(word) % 4)).decode()
