"""The merged table: every process in order, or a message that says which file is bad."""

import json
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from other_study import FAMILIES as OTHERS
from paper_families import PAPER_FAMILIES
from paper_work import work_of
from run_files import AGAIN, AXES, a_run, cell_of, digest_of, merged_cells

from tfscale.analysis.material import study_tables
from tfscale.axes import FAMILIES, adopt, cell_name
from tfscale.errors import StudyError
from tfscale.files.whole import noted
from tfscale.study.grid import architecture
from tfscale.study.kinds import WORK
from tfscale.tables import merge
from tfscale.tables.cells import RUNS
from tfscale.tables.latency import read_processes
from tfscale.tables.merge import merge_runs


def test_a_run_that_timed_another_model_is_not_merged(tmp_path):
    path, target = a_run(tmp_path), str(tmp_path / "merged.parquet")
    cell = Path(path).parent.name
    assert merge_runs([path], target, models={cell: digest_of(AXES)}).num_rows == 1
    with pytest.raises(StudyError, match=f"{path} timed another model than the study's: {AGAIN}"):
        merge_runs([path], target, models={cell: "of another training"})


def test_merging_orders_runs_by_their_start_and_names_all_damaged_files(tmp_path):
    target = str(tmp_path / "merged" / "runs.parquet")
    paths = [a_run(tmp_path / f"{n}.parquet", started=10 - n, layers=4 + 2 * n) for n in range(3)]
    merged = merge_runs(paths, target).to_pandas()
    assert merged["order_index"].tolist() == [3, 2, 1]
    for path in paths[:2]:
        (tmp_path / path).write_bytes(b"")
    with pytest.raises(StudyError) as raised:
        merge_runs(paths, target)
    assert paths[0] in str(raised.value) and paths[1] in str(raised.value)


def test_disturbance_is_judged_against_the_whole_study(tmp_path):
    calm = [a_run(tmp_path / f"{n}.parquet", layers=4 + 2 * n) for n in range(4)]
    slow = a_run(tmp_path / "slow.parquet", layers=20, calibration_s=0.03)
    merged = merge_runs([*calm, slow], str(tmp_path / "runs.parquet")).to_pandas()
    assert merged["disturbed"].tolist() == [False] * 4 + [True]
    assert merged["disturbed_reason"].iloc[-1] == "calibration 1.50 times the reference"


def test_environments_are_told_apart(tmp_path):
    first = a_run(tmp_path / "1.parquet")
    other = a_run(tmp_path / "2.parquet", environment={"version_tensorflow": "2"})
    target = str(tmp_path / "runs.parquet")
    assert merge_runs([first], target).to_pandas()["machine"].tolist() == ["h"]
    merged = merge_runs([first, other], target).to_pandas()
    assert merged["machine"].nunique() == 2
    assert merged["machine"].str.startswith("h ").all()


def test_batches_and_threads_change_nothing(tmp_path, monkeypatch):
    paths = [
        a_run(tmp_path / f"{n}.parquet", started=n, layers=4 + 2 * n, environment={"n": str(n % 2)})
        for n in range(7)
    ]
    tables = []
    for files, threads in ((256, 1), (2, 1), (2, 3), (1, 2)):
        monkeypatch.setattr(merge, "FILES", files)
        processes = merge_runs(paths, str(tmp_path / "all.parquet"), threads)
        merged = pq.read_table(tmp_path / "all.parquet")
        assert merged.drop_columns(merge.RAW).to_pylist() == processes.to_pylist()
        tables.append(merged.to_pylist())
    assert all(table == tables[0] for table in tables)
    assert tables[0][3]["durations_ns"] == [9_000, 5_000, 1_000, 2_000, 3_000, 500]
    assert [row["phase"][-1] for row in tables[0]] == ["copy"] * 7
    assert not [path for path in tmp_path.iterdir() if path.suffix != ".parquet"]


def test_a_failed_merge_leaves_the_old_table(tmp_path):
    target = tmp_path / "runs.parquet"
    target.write_text("old")
    bad = tmp_path / "bad.parquet"
    bad.write_bytes(b"")
    with pytest.raises(StudyError, match=r"bad\.parquet is damaged"):
        merge_runs([str(bad)], str(target))
    assert target.read_text() == "old"
    assert len(list(tmp_path.iterdir())) == 2


def test_what_is_in_order_stays_in_order_and_never_far_ahead():
    begun = []

    def work(task):
        begun.append(task)
        return -task

    seen = []
    for answer in merge.in_order(work, range(20), threads=2):
        seen.append(answer)
        assert len(begun) <= len(seen) + 2
    assert seen == [-task for task in range(20)]


def notes(*cells: dict) -> dict[str, str]:
    """What a merge notes of these cells' models."""
    work = {cell_name(architecture(cell)): work_of(cell, 0) for cell in cells}
    return {"tfscale_work": json.dumps(work), "tfscale_families": json.dumps(PAPER_FAMILIES)}


def test_another_studys_runs_are_its_cells_under_the_name_given(tmp_path):
    paths = [a_run(tmp_path / f"{n}.parquet", layers=4 + 2 * n) for n in range(2)]
    other = a_run(tmp_path / "other.parquet", environment={"version_tensorflow": "2"})
    target, about = str(tmp_path / "runs.parquet"), notes(AXES, AXES | {"layers": 6})
    merge_runs(paths, target, notes=about)
    cells = study_tables(target, "laptop", 0.9375).cells
    assert cells[["machine", "layers", "calls", "processes"]].to_numpy().tolist() == [
        ["laptop", 4, 3, 1],
        ["laptop", 6, 3, 1],
    ]
    assert cells["latency_s"].tolist() == [1e-6, 1e-6]
    work = work_of(AXES | {"layers": 6}, 0)
    assert {name: cells[name].iloc[1] for name in WORK} == work
    merge_runs([paths[0], other], target, notes=about)
    machines = study_tables(target, "laptop", 0.9375).cells["machine"]
    assert machines.nunique() == 2 and machines.str.startswith("laptop h ").all()
    merge_runs(paths, target, notes=notes(AXES))
    unknown = "the work of mnist_layers6_conv3_input28 was not counted"
    with pytest.raises(StudyError, match=unknown):
        study_tables(target, "laptop", 0.9375)
    merge_runs(paths, target)
    with pytest.raises(StudyError, match=r"runs\.parquet: of an earlier version; merge it again"):
        study_tables(target, "laptop", 0.9375)


DEEP = {"title": "Deep ones", "axes": {"depth": {"kind": "int"}, "width": {"kind": "int"}}}
OWN = OTHERS | {"deep": DEEP}
MODELS = [
    {"model": "deep", "depth": 3, "width": 7},
    {"model": "mlp", "width": 64, "alpha": 0.5, "activation": "gelu"},
    {"model": "mlp", "width": 64, "alpha": 0.5, "activation": "gelu", "batch_size": 8},
    {"model": "fixed"},
]


@pytest.mark.parametrize("files", [1, 256])
def test_runs_of_families_with_other_axes_stand_in_one_table(tmp_path, monkeypatch, files):
    adopt(OWN)
    monkeypatch.setattr(merge, "FILES", files)
    paths = [a_run(tmp_path, started=n, **axes) for n, axes in enumerate(MODELS)]
    found = merge_runs(paths, str(tmp_path / "runs.parquet"))
    table = pq.read_table(tmp_path / "runs.parquet")
    assert table.schema.names == RUNS.names and table.schema.types == RUNS.schema.types
    own = ["width", "alpha", "activation", "masked", "depth"]
    assert table.column_names[:8] == ["cell", "model", *own, "batch_size"]
    assert {name: str(table.schema.field(name).type) for name in own} == {
        "width": "int64",
        "alpha": "double",
        "activation": "string",
        "masked": "bool",
        "depth": "int64",
    }
    rows = table.select([*own, "batch_size"]).to_pylist()
    nothing = dict.fromkeys(own)
    mlp = {"width": 64, "alpha": 0.5, "activation": "gelu", "masked": False, "depth": None}
    assert rows == [
        nothing | {"width": 7, "depth": 3, "batch_size": 1},
        mlp | {"batch_size": 1},
        mlp | {"batch_size": 8},
        nothing | {"batch_size": 1},
    ]
    assert found.select(own).to_pylist() == table.select(own).to_pylist()
    assert table["durations_ns"].to_pylist() == [[9_000, 5_000, 1_000, 2_000, 3_000, 500]] * 4


def merged_others(folder: Path) -> pd.DataFrame:
    adopt(OWN)
    runs = [a_run(folder, started=n, **axes) for n, axes in enumerate(MODELS)]
    return merged_cells(folder, runs, [cell_of(**axes) for axes in MODELS], OWN)


def test_the_runs_of_a_study_say_what_its_models_are_and_do(tmp_path):
    cells = merged_others(tmp_path)
    assert cells["model"].tolist() == ["deep", "mlp", "mlp", "fixed"]
    assert cells["floor_s"].tolist() == pytest.approx([0, 1e-6, 2e-6, 3e-6])
    assert cells["flop_per_example"].tolist() == [100, 101, 101, 102]
    assert cells["test_accuracy"].isna().all() and set(cells["data"]) == {"none"}
    work = noted(tmp_path / "runs.parquet", "tfscale_work")
    assert list(work) == ["deep_depth3_width7", "mlp_width64_alpha0.5_activationgelu", "fixed"]
    assert work["deep_depth3_width7"]["flop_per_example"] == 100
    assert set(WORK) <= set(work["fixed"])
    assert noted(tmp_path / "runs.parquet", "tfscale_families") == OWN
    for field in pq.read_schema(tmp_path / "runs.parquet"):
        assert field.metadata[b"what"], field.name


def test_a_study_of_other_families_is_imported_by_what_its_runs_say(tmp_path):
    merged_others(tmp_path)
    adopt(PAPER_FAMILIES)
    imported = study_tables(str(tmp_path / "runs.parquet"), "laptop", 0.9).cells
    assert set(FAMILIES) == {*PAPER_FAMILIES, *OWN}
    assert FAMILIES["mlp"].title == OWN["mlp"]["title"]
    assert imported["flop_per_example"].tolist() == [100, 101, 101, 102]
    assert imported["activation"].fillna("").tolist() == ["", "gelu", "gelu", ""]
    assert set(read_processes(tmp_path / "runs.parquet")["model"]) == set(OWN)
    adopt({"deep": {"axes": {"depth": {"kind": "int"}, "other": {"kind": "int"}}}})
    with pytest.raises(StudyError, match=r"family deep is not .*: they differ in other, width "):
        study_tables(str(tmp_path / "runs.parquet"), "laptop", 0.9)
    free = {"depth": {"kind": "int"}, "width": {"kind": "int", "positive": False}}
    adopt({"deep": {"axes": free}})  # that a level may be 0 is no difference
    study_tables(str(tmp_path / "runs.parquet"), "laptop", 0.9)


def test_a_table_that_is_none_of_runs_is_refused(tmp_path):
    target = str(tmp_path / "runs.parquet")
    table = pa.table({"cell": ["a"]}).replace_schema_metadata(notes(AXES))
    pq.write_table(table, target)
    with pytest.raises(StudyError, match=r"runs\.parquet: not the runs.parquet of a study"):
        study_tables(target, "laptop", 0.9375)
