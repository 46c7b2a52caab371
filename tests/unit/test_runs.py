"""The file of a run: what is read is what was written, and any damage is noticed."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from damage import DAMAGES, damaged

from tfscale import gathering, runs
from tfscale.axes import AXES as EVERY_AXIS
from tfscale.axes import cell_name, defaults
from tfscale.columns import SCHEMA
from tfscale.derived import derived
from tfscale.errors import StudyError
from tfscale.imported import study_cells
from tfscale.merging import merge_runs
from tfscale.seal import intact
from tfscale.work import work_columns

NAMED = {"model": "mnist", "layers": 4, "batch_size": 1, "conv_size": 3, "input_size": 28}
AXES = NAMED | defaults()


def a_run(
    folder,
    started=0,
    environment=None,
    calibration_s=0.02,
    host="h",
    number=1,
    walk="runs",
    so_far=None,
    left_because=None,
    **axes,
) -> str:
    """The path of a new run, in its place under the folder; without visits when a further round
    left its cell."""
    cell = AXES | axes
    visit = {
        "cell": cell_name(cell), **cell, "seed": 1, "round": number, "visit": 1,
        "isolation": "fork", "protocol": "visits", "host": host, "device": "CPU",
        "started": datetime.fromtimestamp(started, UTC), "affinity": [0], "load_average": 0.1,
        "visit_s": 1.0, "load_s": 0.2, "settled": None, "cpu_share": 0.99, "steal_share": None,
        "calibration_before_s": calibration_s, "calibration_after_s": calibration_s,
        "disturbed": False, "disturbed_reason": "", "context_switches_voluntary": 1,
        "context_switches_involuntary": 2, "os_threads": 3, "memory_load_bytes": None,
        "memory_first_bytes": 1, "memory_warmup_bytes": 1, "memory_timed_bytes": 1,
        "phases": ["first", "warmup", "timed", "timed", "timed", "copy"],
        "durations_ns": [9_000, 5_000, 1_000, 2_000, 3_000, 500],
    }  # fmt: skip
    record = {
        "stop_reason": left_because or "precision reached",
        "environment": {"version_tensorflow": "1", "host": host} | (environment or {}),
        "environment_id": str(environment),
        "warnings": [],
        "walk": walk,
        "saved_model_sha256": f"of {cell['layers']} layers",
        "so_far": so_far or {},
        "cell": visit["cell"],
        "round": number,
    }
    path = str(Path(folder, walk, visit["cell"], f"round{number}.parquet"))
    runs.write(path, [] if left_because else [visit | derived(visit)], record)
    return path


def test_a_run_reads_back_with_quantiles_of_the_timed_calls_only(tmp_path):
    visits, record = runs.read(a_run(tmp_path / "r.parquet"))
    row = visits.to_pylist()[0]
    assert (row["p50_s"], row["mean_s"], row["calls"]) == (2e-6, 2e-6, 3)
    assert (row["first_call_s"], row["warmup_calls"], row["settled"]) == (9e-6, 1, None)
    assert (row["unfetched_s"], row["copy_s"], row["timed_s"]) == (None, 5e-7, 6e-6)
    assert record["stop_reason"] == "precision reached"


def test_every_column_has_a_unit_or_a_meaning():
    for field in SCHEMA:
        if field.name not in EVERY_AXIS:
            assert field.metadata[b"what"]


AGAIN = r"delete .* and type the same command again"


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
            runs.read(str(path))
        assert str(raised.value).startswith(str(path))
    assert runs.read(str(path))[0].num_rows == 1


def test_any_bit_counts(tmp_path):
    path = Path(a_run(tmp_path))
    content = path.read_bytes()
    for place in np.random.default_rng(0).integers(0, len(content), 40):
        with damaged(path, content[:place] + bytes([content[place] ^ 4]) + content[place + 1 :]):
            assert not intact(path)


OTHERS = {
    "another cell's": {"layers": 6},
    "another round's": {"number": 2},
    "a sentinel's": {"walk": "sentinels"},
}


@pytest.mark.parametrize("other", OTHERS.values(), ids=OTHERS)
def test_a_run_in_the_place_of_another_is_refused_by_name(tmp_path, other):
    path, found = Path(a_run(tmp_path)), Path(a_run(tmp_path, **other))
    path.write_bytes(found.read_bytes())
    name = "/".join(found.parts[-3:])
    with pytest.raises(StudyError, match=f"{path} is the run {name}: {AGAIN}"):
        runs.read(str(path))
    with pytest.raises(StudyError, match=name):
        merge_runs([str(path)], [], str(tmp_path / "merged.parquet"))


def test_a_run_of_an_older_version_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(runs, "SCHEMA_VERSION", "1")
    path = a_run(tmp_path)
    monkeypatch.undo()
    assert intact(Path(path))
    with pytest.raises(StudyError, match=f"another version of tfscale: {AGAIN}"):
        runs.read(path)


def test_a_run_that_timed_another_model_is_not_merged(tmp_path):
    path, target = a_run(tmp_path), str(tmp_path / "merged.parquet")
    cell = Path(path).parent.name
    assert merge_runs([path], [], target, models={cell: "of 4 layers"}).num_rows == 1
    with pytest.raises(StudyError, match=f"{path} timed another model than the study's: {AGAIN}"):
        merge_runs([path], [], target, models={cell: "of another training"})


def test_merging_orders_runs_by_their_start_and_names_all_damaged_files(tmp_path):
    target = str(tmp_path / "merged" / "runs.parquet")
    paths = [a_run(tmp_path / f"{n}.parquet", started=10 - n, layers=4 + 2 * n) for n in range(3)]
    merged = merge_runs(paths, [], target).to_pandas()
    assert merged["order_index"].tolist() == [3, 2, 1]
    for path in paths[:2]:
        (tmp_path / path).write_bytes(b"")
    with pytest.raises(StudyError) as raised:
        merge_runs(paths, [], target)
    assert paths[0] in str(raised.value) and paths[1] in str(raised.value)


def test_disturbance_is_judged_against_the_whole_study(tmp_path):
    calm = [a_run(tmp_path / f"{n}.parquet", layers=4 + 2 * n) for n in range(4)]
    slow = a_run(tmp_path / "slow.parquet", layers=20, calibration_s=0.03)
    merged = merge_runs([*calm, slow], [], str(tmp_path / "runs.parquet")).to_pandas()
    assert merged["disturbed"].tolist() == [False] * 4 + [True]
    assert merged["disturbed_reason"].iloc[-1] == "calibration 1.50 times the reference"


def test_environments_are_told_apart(tmp_path):
    first = a_run(tmp_path / "1.parquet")
    other = a_run(tmp_path / "2.parquet", environment={"version_tensorflow": "2"})
    target = str(tmp_path / "runs.parquet")
    assert merge_runs([first], [], target).to_pandas()["machine"].tolist() == ["h"]
    merged = merge_runs([first, other], [], target).to_pandas()
    assert merged["machine"].nunique() == 2
    assert merged["machine"].str.startswith("h ").all()


def test_batches_and_threads_change_nothing(tmp_path, monkeypatch):
    paths = [
        a_run(tmp_path / f"{n}.parquet", started=n, layers=4 + 2 * n, environment={"n": str(n % 2)})
        for n in range(7)
    ]
    tables = []
    for files, threads in ((256, 1), (2, 1), (2, 3), (1, 2)):
        monkeypatch.setattr(gathering, "FILES", files)
        visits = merge_runs(paths[:5], paths[5:], str(tmp_path / "all.parquet"), threads)
        merged = pq.read_table(tmp_path / "all.parquet")
        assert merged.drop_columns(gathering.RAW).to_pylist() == visits.to_pylist()
        tables.append(merged.to_pylist())
    assert all(table == tables[0] for table in tables)
    assert [row["sentinel"] for row in tables[0]] == [False] * 5 + [True] * 2
    assert tables[0][3]["durations_ns"] == [9_000, 5_000, 1_000, 2_000, 3_000, 500]
    assert [row["phase"][-1] for row in tables[0]] == ["copy"] * 7
    assert not [path for path in tmp_path.iterdir() if path.suffix != ".parquet"]


@pytest.mark.parametrize("files", [1, 256])
def test_why_further_rounds_left_a_cell_stands_at_its_visits(tmp_path, monkeypatch, files):
    """Of the cell and environment that they left, whatever batch they are read in."""
    monkeypatch.setattr(gathering, "FILES", files)
    elsewhere = {"version_tensorflow": "2"}
    paths = [
        a_run(tmp_path, number=2, left_because="cap"), a_run(tmp_path),
        a_run(tmp_path, layers=6), a_run(tmp_path, layers=6, number=2, left_because="precise"),
        a_run(tmp_path, number=3, environment=elsewhere), a_run(tmp_path, layers=8),
    ]  # fmt: skip
    sentinel = a_run(tmp_path, walk="sentinels")
    target = str(tmp_path / "runs.parquet")
    visits = merge_runs(paths, [sentinel], target)
    assert visits["left_because"].to_pylist() == ["cap", "precise", None, None, None]
    ended = study_cells(target, "m", 0.9375)[["layers", "stop_reason"]].to_numpy().tolist()
    timed = "precision reached"
    assert ended == [[4, "cap"], [6, "precise"], [4, timed], [8, timed]]


def test_a_failed_merge_leaves_the_old_table(tmp_path):
    target = tmp_path / "runs.parquet"
    target.write_text("old")
    bad = tmp_path / "bad.parquet"
    bad.write_bytes(b"")
    with pytest.raises(StudyError, match=r"bad\.parquet is damaged"):
        merge_runs([str(bad)], [], str(target))
    assert target.read_text() == "old"
    assert len(list(tmp_path.iterdir())) == 2


def test_a_run_of_other_columns_is_of_another_version(tmp_path, monkeypatch):
    path = a_run(tmp_path / "r.parquet")
    monkeypatch.setattr(runs, "SCHEMA", pa.schema(list(SCHEMA)[:-1]))
    with pytest.raises(StudyError, match="another version of tfscale: delete"):
        runs.read(path)


def test_only_raw_durations_are_packed(tmp_path):
    group = pq.ParquetFile(a_run(tmp_path / "r.parquet")).metadata.row_group(0)
    columns = [group.column(number) for number in range(group.num_columns)]
    packed = {column.path_in_schema for column in columns if column.compression == "ZSTD"}
    assert packed == {runs.PHASE, runs.DURATIONS}
    others = {column.compression for column in columns} - {"ZSTD"}
    assert others == {"UNCOMPRESSED"}


def test_what_is_in_order_stays_in_order_and_never_far_ahead():
    begun = []

    def work(task):
        begun.append(task)
        return -task

    seen = []
    for answer in gathering.in_order(work, range(20), threads=2):
        seen.append(answer)
        assert len(begun) <= len(seen) + 2
    assert seen == [-task for task in range(20)]


def test_another_studys_runs_are_its_cells_under_the_name_given(tmp_path):
    paths = [a_run(tmp_path / f"{n}.parquet", layers=4 + 2 * n) for n in range(2)]
    other = a_run(tmp_path / "other.parquet", environment={"version_tensorflow": "2"})
    target = str(tmp_path / "runs.parquet")
    merge_runs(paths, paths[:1], target)
    cells = study_cells(target, "laptop", 0.9375)
    assert cells[["machine", "layers", "calls", "visits"]].to_numpy().tolist() == [
        ["laptop", 4, 3, 1], ["laptop", 6, 3, 1],
    ]  # fmt: skip
    assert cells["latency_s"].tolist() == [2e-6, 2e-6]
    work = work_columns(AXES | {"layers": 6}, 0)
    assert cells["flop_per_example"].tolist()[1] == work["flop_per_example"]
    merge_runs([paths[0], other], [], target)
    machines = study_cells(target, "laptop", 0.9375)["machine"]
    assert machines.nunique() == 2 and machines.str.startswith("laptop h ").all()
    pq.write_table(pa.table({"cell": ["a"]}), target)
    with pytest.raises(StudyError, match=r"runs\.parquet: not the runs.parquet of a study"):
        study_cells(target, "laptop", 0.9375)
