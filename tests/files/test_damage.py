"""Damage to what no job of the study lists: downloads, imports, facts of another model."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from damage import DAMAGES, damaged
from paper_work import works

from tfscale.analysis.material import check_imports, paper_cells
from tfscale.console.opening import Opening
from tfscale.data import sources
from tfscale.data.sources import Payload, check_payloads
from tfscale.errors import StudyError
from tfscale.files import parquet
from tfscale.files.parquet import write_parquet
from tfscale.models.saved import read_facts

CSV = "Layers,BatchSize,ConvSize,TotalTime,MeanTime\n4,1,3,120.5,12.05\n6,1,3,150.5,15.05\n"


@pytest.fixture
def payloads(tmp_path, monkeypatch) -> Path:
    """Two downloaded files of a data set."""
    known = {}
    for name in ("images", "labels"):
        path = tmp_path / "set" / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(name.encode() * 100)
        known[name] = Payload(600, hashlib.sha256(path.read_bytes()).hexdigest())
    monkeypatch.setitem(sources.PAYLOADS, "set", known)
    return tmp_path / "set"


@pytest.mark.parametrize("how", DAMAGES)
def test_a_damaged_download_is_not_encoded(payloads, how):
    images, labels = payloads / "images", payloads / "labels"
    check_payloads([str(images), str(labels)])
    with damaged(images, DAMAGES[how](images.read_bytes(), labels.read_bytes())):
        with pytest.raises(StudyError) as raised:
            check_payloads([str(images), str(labels)])
        assert str(raised.value) == (
            f"{images} is damaged or another file: delete it and type the same command again"
        )


def sealed(path: Path, value: int = 0) -> Path:
    write_parquet(path, pd.DataFrame({"durations": np.arange(100) + value}))
    return path


@pytest.mark.parametrize("how", [how for how in DAMAGES if how != "another's file"])
def test_a_damaged_table_of_another_study_is_not_analysed(tmp_path, how):
    path = sealed(tmp_path / "runs.parquet")
    imports = [{"path": str(path), "name": "acer"}]
    assert check_imports(imports) == []
    said = rf"^{path} is damaged.*get it again \(imports\)"
    content = DAMAGES[how](path.read_bytes(), b"")
    with damaged(path, content), pytest.raises(StudyError, match=said):
        check_imports(imports)


def test_a_table_is_read_as_before_with_its_seal_and_columns(tmp_path):
    table = pa.table(
        {"one": [1, 2]}, schema=pa.schema([pa.field("one", pa.int64(), True, {"w": "x"})])
    )
    write_parquet(tmp_path / "t.parquet", table)
    assert pq.read_table(tmp_path / "t.parquet").to_pydict() == {"one": [1, 2]}
    assert pq.read_schema(tmp_path / "t.parquet").field("one").metadata == {b"w": b"x"}
    write_parquet(tmp_path / "again.parquet", table)
    assert (tmp_path / "again.parquet").read_bytes() == (tmp_path / "t.parquet").read_bytes()
    write_parquet(tmp_path / "empty.parquet", table.slice(0, 0))
    assert parquet.check_import(tmp_path / "empty.parquet")


def test_a_table_of_another_version_is_refused_and_one_without_a_seal_is_named(
    tmp_path, monkeypatch
):
    plain = tmp_path / "plain.parquet"
    pd.DataFrame({"durations": [1]}).to_parquet(plain)
    (said,) = check_imports([{"path": str(plain), "name": "acer"}])
    found = hashlib.sha256(plain.read_bytes()).hexdigest()
    assert said.startswith(f"{plain} carries no seal") and f"sha256: {found}" in said
    monkeypatch.setattr(parquet, "SCHEMA_VERSION", "1")
    old = sealed(tmp_path / "old.parquet")
    monkeypatch.undo()
    with pytest.raises(StudyError, match=f"{old} was written by another version of tfscale"):
        check_imports([{"path": str(old), "name": "acer"}])


@pytest.mark.parametrize("how", DAMAGES)
def test_a_pinned_csv_that_changed_is_not_analysed(tmp_path, how):
    path = tmp_path / "mnist.csv"
    path.write_text(CSV)
    entry = {"path": str(path), "name": "acer", "model": "mnist"}
    pinned = entry | {"sha256": hashlib.sha256(path.read_bytes()).hexdigest().upper()}
    assert check_imports([pinned]) == []
    assert len(check_imports([entry])) == 1
    other = CSV.replace("12.05", "12.06").encode()
    content = DAMAGES[how](path.read_bytes(), other)
    said = rf"^{path}: its sha256 is .*, not the one"
    with damaged(path, content), pytest.raises(StudyError, match=said):
        check_imports([pinned])


@pytest.mark.parametrize(
    "text",
    ["", "Layers,BatchSize", CSV[:70], CSV.splitlines()[0], CSV.replace("12.05", "-1"), "\x00\xff"]
    + [CSV.replace("\n4,", wrong) for wrong in ("\n4.5,", "\nfour,", "\n,", "\n0,")],
)
def test_a_csv_that_makes_no_sense_is_refused_by_name(tmp_path, text):
    path = tmp_path / "mnist.csv"
    path.write_text(text, encoding="latin-1")
    with pytest.raises(StudyError, match=f"^{path}: .*imports"):
        paper_cells(str(path), "mnist", "acer", works(["mnist"]))


FACTS = {"model": "mnist", "layers": 4, "batch_size": 16, "conv_size": 3, "input_size": 28}
NAME = "mnist_layers4_batch16_conv3_input28"


def facts_of(folder: Path, content: str) -> str:
    path = folder / NAME / "facts.json"
    path.parent.mkdir()
    path.write_text(content)
    return str(path)


def test_facts_are_those_of_their_folder(tmp_path):
    path = facts_of(tmp_path, json.dumps(FACTS | {"seed": 1}))
    assert read_facts(path)["seed"] == 1


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", "null", json.dumps(FACTS)[:-9], json.dumps(FACTS | {"layers": 6}), "{}"],
)
def test_facts_that_are_damaged_or_of_another_model_are_refused(tmp_path, content):
    path = facts_of(tmp_path, content)
    with pytest.raises(StudyError, match=f"^{path} is .*: delete {tmp_path / NAME} and type"):
        read_facts(path)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"host": 1}', '{"reference_s": "x"}'])
def test_a_damaged_look_at_the_machine_does_not_stop_the_console(tmp_path, content):
    (tmp_path / "machine.json").write_text(content)
    assert Opening(None, str(tmp_path), "")._reference_s() is None
