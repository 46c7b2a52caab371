"""The files that a study writes have the columns that docs/output.md names."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tfscale.analysis.fit import FINDINGS, FITS
from tfscale.files.columns import meaning
from tfscale.tables.cells import (
    CELLS,
    FACTS,
    FLOOR,
    PREDICTIONS,
    ROOFS,
    RUN,
    RUN_MACHINE,
    RUNS,
)

PROMISED = {
    "cells": CELLS,
    "runs": RUNS,
    "fits/findings": FINDINGS,
    **{f"fits/{name}": schema for name, schema in FITS.items()},
}


pytestmark = pytest.mark.usefixtures("real_families")


def columns(schema) -> list[tuple]:
    return [(field.name, field.type) for field in schema]


@pytest.mark.parametrize("name", PROMISED)
def test_a_table_of_the_analysis_describes_itself(finished, name):
    written = pq.read_schema(finished.root / "results" / f"{name}.parquet")
    promised = PROMISED[name].schema
    assert columns(written) == columns(promised)
    assert [meaning(field) for field in written] == [meaning(field) for field in promised]


@pytest.mark.parametrize("name, schema", [("floor", FLOOR), ("roofs", ROOFS)])
def test_floor_and_roofs_have_the_columns_described(finished, name, schema):
    assert pq.read_schema(finished.root / "results" / f"{name}.parquet").names == schema.names


def test_a_run_has_the_columns_described(finished):
    (path, *_) = sorted((finished.root / "results" / "runs").glob("*/round1.parquet"))
    own, known = columns(pq.read_schema(path)), columns(RUN.schema)
    axes = [(axis, kind) for axis, kind in known if axis not in dict(own)]
    assert [axis for axis, _ in axes] == ["vocabulary"]  # of the other family
    assert own == [column for column in known if column not in axes]


@pytest.mark.parametrize("model", ["mnist", "text"])
def test_the_predictions_of_a_model_have_the_columns_described(finished, model):
    (path, *_) = sorted(
        (finished.root / "results" / "models").glob(f"{model}*/predictions.parquet")
    )
    extra = [] if model == "text" else ["review"]
    assert pq.read_schema(path).names + extra == PREDICTIONS.names


def test_the_json_files_have_the_keys_described(finished):
    results = finished.root / "results"
    assert list(json.loads((results / "machine.json").read_text())) == RUN_MACHINE.names
    for path in (results / "models").glob("*/facts.json"):
        facts = list(json.loads(path.read_text()))
        known = [name for name in FACTS.names if name != "vocabulary" or name in facts]
        assert sorted(facts) == sorted(known)


COUNTED = "counted/<architecture>.json"
"""Of studies that predict or import."""


def promised(folder: Path) -> dict[str, re.Pattern]:
    """The paths that results/README.md names, as patterns."""
    rows = re.findall(r"^\| (`.+?`) \|", (folder / "results" / "README.md").read_text(), re.M)
    paths = [path for row in rows for path in re.findall(r"`([^`]+)`", row)]
    texts = {path: re.sub(r"<[^>]+>", "[^/]+", path.replace(".", r"\.")) for path in paths}
    return {path: re.compile(text) for path, text in texts.items()}


def test_the_readme_of_the_results_names_every_file_and_no_other(finished):
    results = finished.root / "results"
    files = [str(path.relative_to(results)) for path in results.rglob("*") if path.is_file()]
    files.remove("README.md")
    patterns = promised(finished.root)
    assert len(files) > 50 and len(patterns) > 20

    def named(path: str, file: str) -> bool:
        if path.endswith("/"):
            return patterns[path].match(file) is not None
        return patterns[path].fullmatch(file) is not None

    unnamed = [file for file in files if not any(named(path, file) for path in patterns)]
    assert not unnamed, "name them in results/README.md, then: make docs"
    others = {path for path in patterns if not any(named(path, file) for file in files)}
    elsewhere = {"demo/", "paper/", "rigorous/", "zoo/", "logs/slurm/", COUNTED}
    assert others == elsewhere


def test_the_programs_of_the_docs_run_on_a_real_study(finished):
    pages = [finished.root / "docs" / name for name in ("tutorial.md", "output.md")]
    texts = [re.findall(r"^```python\n(.*?)^```", page.read_text(), re.S | re.M) for page in pages]
    assert all(texts)
    for text in [text for page in texts for text in page]:
        command = [sys.executable, "-c", text.replace("results/demo/", "results/")]
        done = subprocess.run(command, cwd=finished.root, capture_output=True, text=True)
        assert done.returncode == 0 and "latency_s" in done.stdout, done.stderr
