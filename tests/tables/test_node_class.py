"""Several nodes that count as one machine, because the user named their class."""

import pandas as pd
import pytest
from paper_families import PAPER_FAMILIES
from run_files import a_run, cell_of, merged_cells

from tfscale.errors import StudyError
from tfscale.tables.latency import read_processes
from tfscale.tables.merge import merge_runs

EPYC, XEON = {"cpu_model": "EPYC", "cpu_count": "8"}, {"cpu_model": "Xeon", "cpu_count": "8"}


def runs_on(tmp_path, **nodes: dict) -> list[str]:
    """A run of another cell on each node, in its environment."""
    return [
        a_run(
            tmp_path / f"{node}.parquet", host=node, environment=environment, layers=4 + 2 * place
        )
        for place, (node, environment) in enumerate(nodes.items())
    ]


def merged_of(tmp_path, paths: list[str], node_class: str | None = None) -> pd.DataFrame:
    return merge_runs(paths, str(tmp_path / "all.parquet"), 1, node_class).to_pandas()


def test_without_a_class_every_node_is_a_machine(tmp_path):
    merged = merged_of(tmp_path, runs_on(tmp_path, n1=EPYC, n2=EPYC, n3=XEON))
    assert merged["machine"].tolist() == merged["host"].tolist() == ["n1", "n2", "n3"]
    assert merged["cpu_model"].tolist() == ["EPYC", "EPYC", "Xeon"]


def test_equal_nodes_of_a_class_are_one_machine_and_rows_keep_their_node(tmp_path):
    changing = {"load_average": "3", "memory_bytes": "17", "affinity": "2"}
    paths = runs_on(tmp_path, n1=EPYC, n2=EPYC | changing)
    merged = merged_of(tmp_path, paths, "epyc")
    assert set(merged["machine"]) == {"epyc"}
    assert merged["host"].tolist() == ["n1", "n2"]


def test_mixed_nodes_are_refused_by_name_with_what_differs_and_what_to_delete(tmp_path):
    paths = runs_on(tmp_path, n1=EPYC, n2=EPYC, n7=XEON | {"version_tensorflow": "3"})
    with pytest.raises(StudyError) as raised:
        merged_of(tmp_path, paths, "epyc")
    said = str(raised.value)
    assert "the nodes of the class epyc (node_class) are not of one kind" in said
    assert said.splitlines()[1] == "  cpu_model: EPYC on n1, n2; Xeon on n7"
    assert "version_tensorflow: 1 on n1, n2; 3 on n7" in said
    run = tmp_path / "runs" / "mnist_layers8_batch1_conv3_input28_threads1" / "round1.parquet"
    assert f"Delete the runs on n7 ({run})" in said and "node_class: null" in said


def test_the_same_host_with_another_kernel_is_no_class_either(tmp_path):
    paths = [
        a_run(tmp_path / "1.parquet"),
        a_run(tmp_path / "2.parquet", layers=6, environment={"system": "Linux-7"}),
    ]
    with pytest.raises(StudyError, match="system: unknown on h; Linux-7 on h"):
        merged_of(tmp_path, paths, "mine")


def test_a_slow_node_of_a_class_is_seen_as_disturbed(tmp_path):
    calm = runs_on(tmp_path, n1=EPYC, n2=EPYC, n3=EPYC, n4=EPYC)
    slow = a_run(tmp_path / "s.parquet", host="n9", environment=EPYC, layers=20, calibration_s=0.03)
    alone = merged_of(tmp_path, [*calm, slow])
    together = merged_of(tmp_path, [*calm, slow], "epyc")
    assert not alone["disturbed"].any()
    assert together["disturbed"].tolist() == [False] * 4 + [True]


def test_the_tables_of_a_class_have_the_floor_of_the_node_that_measured_it(tmp_path):
    paths = runs_on(tmp_path, n1=EPYC, n2=EPYC)
    cells = [cell_of(layers=4), cell_of(layers=6)]
    table = merged_cells(tmp_path, paths, cells, PAPER_FAMILIES, node_class="epyc", host="n5")
    assert table["machine"].tolist() == ["epyc", "epyc"]
    assert table["host"].tolist() == ["n5", "n5"]
    assert table["floor_s"].tolist() == pytest.approx([0, 1e-6])
    assert sorted(read_processes(tmp_path / "runs.parquet")["host"]) == ["n1", "n2"]
