"""The file of a run: what is read is what was written, and any damage is noticed."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from damage import DAMAGES, damaged
from run_files import AGAIN, a_run

from tfscale.axes import adopt, axes_of
from tfscale.errors import StudyError
from tfscale.files.whole import intact
from tfscale.timing import run_file
from tfscale.timing.run_file import schema_of


def test_a_run_reads_back(tmp_path):
    table, record = run_file.read(a_run(tmp_path / "r.parquet"))
    row = table.to_pylist()[0]
    assert (row["p50_s"], row["mean_s"], row["calls"]) == (2e-6, 2e-6, 3)
    assert (row["first_call_s"], row["warmup_calls"], row["settled"]) == (9e-6, 1, None)
    assert (row["unfetched_s"], row["copy_s"], row["timed_s"]) == (None, 5e-7, 6e-6)
    assert record["round"] == 1


def test_a_run_has_the_axes_of_its_own_family_and_their_types(tmp_path):
    known = {"a": {"kind": "float"}, "b": {"kind": "str", "default": "no"}, "c": {"kind": "bool"}}
    adopt({"mine": {"axes": known}, "other": {"axes": {"depth": {"kind": "int"}}}})
    table, _ = run_file.read(a_run(tmp_path, model="mine", a=0.5, c=True))
    first = [
        "cell",
        "model",
        "a",
        "b",
        "c",
        "batch_size",
        "threads",
        "precision",
        "jit",
        "runtime",
        "environment",
    ]
    assert table.column_names[:12] == [*first, "seed"]
    assert set(table.column_names[1:11]) == {"model", *axes_of("mine")}
    types = {name: str(table.schema.field(name).type) for name in known}
    assert types == {"a": "double", "b": "string", "c": "bool"}
    (row,) = table.to_pylist()
    assert (row["a"], row["b"], row["c"], row["batch_size"]) == (0.5, "no", True, 1)
    (row,) = run_file.read(a_run(tmp_path, model="other", depth=3))[0].to_pylist()
    assert row["depth"] == 3 and not {"a", "b", "c"} & set(row)


@pytest.mark.parametrize("how", [*DAMAGES, "longer", "no table at all"])
def test_damage_is_found_by_content(tmp_path, how):
    path = Path(a_run(tmp_path))
    other = Path(a_run(tmp_path, layers=6)).read_bytes()
    whole = path.read_bytes()
    spoilt = {"longer": whole + b"x", "no table at all": b"PAR1 not PAR1"}
    content = DAMAGES[how](whole, other) if how in DAMAGES else spoilt[how]
    with damaged(path, content):
        assert intact(path) == (how == "another's file")
        with pytest.raises(StudyError, match=AGAIN) as raised:
            run_file.read(str(path))
        assert str(raised.value).startswith(str(path))
    assert run_file.read(str(path))[0].num_rows == 1


def test_any_bit_counts(tmp_path):
    path = Path(a_run(tmp_path))
    content = path.read_bytes()
    for place in np.random.default_rng(0).integers(0, len(content), 40):
        with damaged(path, content[:place] + bytes([content[place] ^ 4]) + content[place + 1 :]):
            assert not intact(path)


OTHERS = {
    "another cell's": {"layers": 6},
    "another round's": {"number": 2},
}


@pytest.mark.parametrize("other", OTHERS.values(), ids=OTHERS)
def test_a_run_in_the_place_of_another_is_refused_by_name(tmp_path, other):
    path, found = Path(a_run(tmp_path)), Path(a_run(tmp_path, **other))
    path.write_bytes(found.read_bytes())
    name = "/".join(found.parts[-2:])
    with pytest.raises(StudyError, match=f"{path} is the run {name}: {AGAIN}"):
        run_file.read(str(path))


def test_a_run_of_an_older_version_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(run_file, "SCHEMA_VERSION", "1")
    path = a_run(tmp_path)
    monkeypatch.undo()
    assert intact(Path(path))
    with pytest.raises(StudyError, match=f"another version of tfscale: {AGAIN}"):
        run_file.read(path)


def test_a_run_of_other_columns_is_of_another_version(tmp_path, monkeypatch):
    path = a_run(tmp_path / "r.parquet")
    fewer = pa.schema(list(schema_of("mnist"))[:-1])
    monkeypatch.setattr(run_file, "schema_of", lambda model: fewer)
    with pytest.raises(StudyError, match="another version of tfscale: delete"):
        run_file.read(path)


def test_only_raw_durations_are_packed(tmp_path):
    group = pq.ParquetFile(a_run(tmp_path / "r.parquet")).metadata.row_group(0)
    columns = [group.column(number) for number in range(group.num_columns)]
    packed = {column.path_in_schema for column in columns if column.compression == "ZSTD"}
    assert packed == {run_file.PHASE, run_file.DURATIONS}
    others = {column.compression for column in columns} - {"ZSTD"}
    assert others == {"UNCOMPRESSED"}
