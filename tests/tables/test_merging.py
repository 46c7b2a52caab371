"""The merged table: every process in order, or a message that says which file is bad."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from run_files import AGAIN, AXES, a_run

from tfscale.analysis.material import study_tables
from tfscale.errors import StudyError
from tfscale.study.work import work_columns
from tfscale.tables import merge
from tfscale.tables.merge import merge_runs


def test_a_run_that_timed_another_model_is_not_merged(tmp_path):
    path, target = a_run(tmp_path), str(tmp_path / "merged.parquet")
    cell = Path(path).parent.name
    assert merge_runs([path], target, models={cell: "of 4 layers"}).num_rows == 1
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


def test_another_studys_runs_are_its_cells_under_the_name_given(tmp_path):
    paths = [a_run(tmp_path / f"{n}.parquet", layers=4 + 2 * n) for n in range(2)]
    other = a_run(tmp_path / "other.parquet", environment={"version_tensorflow": "2"})
    target = str(tmp_path / "runs.parquet")
    merge_runs(paths, target)
    cells = study_tables(target, "laptop", 0.9375).cells
    assert cells[["machine", "layers", "calls", "processes"]].to_numpy().tolist() == [
        ["laptop", 4, 3, 1],
        ["laptop", 6, 3, 1],
    ]
    assert cells["latency_s"].tolist() == [1e-6, 1e-6]
    work = work_columns(AXES | {"layers": 6}, 0)
    assert cells["flop_per_example"].tolist()[1] == work["flop_per_example"]
    merge_runs([paths[0], other], target)
    machines = study_tables(target, "laptop", 0.9375).cells["machine"]
    assert machines.nunique() == 2 and machines.str.startswith("laptop h ").all()
    pq.write_table(pa.table({"cell": ["a"]}), target)
    with pytest.raises(StudyError, match=r"runs\.parquet: not the runs.parquet of a study"):
        study_tables(target, "laptop", 0.9375)
