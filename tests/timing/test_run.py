"""A run from a SavedModel to its file, in real processes of TensorFlow."""

import json
import platform
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from paper_families import PAPER_FAMILIES
from run_files import AXES

from tfscale.axes import cell_name
from tfscale.errors import StudyError
from tfscale.files.whole import noted
from tfscale.jobs.processes import fresh
from tfscale.models.saved import inputs_digest
from tfscale.timing import floor, run_file
from tfscale.timing.record import result_line
from tfscale.timing.run import run

PROTOCOL = {
    "protocol": "short",
    "processes": 2,
    "min_time_s": 0.02,
    "min_calls": 5,
    "isolation": "fork",
}
CELL = cell_name(AXES)
INPUTS = {"x": {"shape": [None, 28, 28, 1], "dtype": "float32"}}


@pytest.fixture(scope="module")
def inputs(snakemake, tmp_path_factory) -> dict[str, str]:
    """The files of a model that returns its input, as if it had been trained."""
    folder = tmp_path_factory.mktemp("models") / cell_name(
        {axis: AXES[axis] for axis in AXES if axis != "threads"}
    )
    folder.mkdir()
    names = {
        "arrays": "arrays.npz",
        "model": "saved_model",
        "facts": "facts.json",
        "predictions": "predictions.parquet",
    }
    paths = {name: str(folder / file) for name, file in names.items()}
    images = np.random.default_rng(1).random((8, 28, 28, 1), dtype=np.float32)
    np.savez(paths["arrays"], x_test=images, y_test=np.zeros(8, np.int32))
    fresh(
        "tfscale.timing.floor:save_identity",
        {"inputs": INPUTS, "path": paths["model"]},
    )
    facts = {axis: AXES[axis] for axis in AXES if axis != "threads"} | {"inputs": INPUTS}
    Path(paths["facts"]).write_text(json.dumps(facts | {"saved_model_sha256": "abc"}))
    shown = {"correct": [True], "actual": ["boot"], "predicted": ["boot"]}
    pd.DataFrame(shown).to_parquet(paths["predictions"])
    return paths


def made(inputs: dict, output: Path, protocol: dict, time_limit_s: float = 300) -> str:
    settings = {
        "axes": AXES,
        "families": {"mnist": PAPER_FAMILIES["mnist"]},
        "seed": 1,
        "protocol": protocol,
        "evaluation": {"inputs": 8},
        "passes": 10,
        "time_limit_s": time_limit_s,
    }
    return run(CELL, 1, inputs, settings, str(output))


def test_a_run_times_its_cell_in_fresh_processes(inputs, tmp_path, capfd):
    path = tmp_path / CELL / "round1.parquet"
    found = made(inputs, path, PROTOCOL)
    table, record = run_file.read(str(path))
    rows = table.to_pylist()
    assert [row["process"] for row in rows] == [1, 2]
    assert rows[0]["started"] < rows[1]["started"]
    for row in rows:
        assert (row["cell"], row["host"], row["layers"]) == (CELL, platform.node(), 4)
        durations = dict(zip(("first", "timed"), ([], []), strict=True))
        for phase, duration in zip(row["phase"], row["durations_ns"], strict=True):
            durations.setdefault(phase, []).append(duration / 1e9)
        assert [row["first_call_s"]] == durations["first"]
        assert row["calls"] == len(durations["timed"]) >= 5
        assert row["p50_s"] == pytest.approx(np.median(durations["timed"]))
        assert min(durations["timed"]) <= row["latency_s"] <= row["mean_s"] * (1 + 1e-9)
        assert row["process_s"] > row["timed_s"] >= 0.02
        assert len(row["affinity"]) == 1
    assert record["saved_model_sha256"] == "abc"
    assert noted(path, "tfscale_record") == record
    assert record["environment"]["host"] == platform.node()
    log = capfd.readouterr().out.splitlines()
    assert "CORRECT  Actual: boot | Predicted: boot" in log
    assert found.startswith(f"{CELL} … ") and " examples/s" in found


def test_a_process_that_fails_names_its_cell_and_leaves_no_file(inputs, tmp_path):
    path = tmp_path / CELL / "round1.parquet"
    with pytest.raises(StudyError, match=f"^{CELL}: a process took longer than 0.5 s"):
        made(inputs, path, PROTOCOL | {"isolation": "exec"}, time_limit_s=0.5)
    assert not path.exists()


def test_a_model_without_data_is_timed_on_made_up_inputs(inputs, tmp_path):
    path = tmp_path / CELL / "round1.parquet"
    made(inputs | {"arrays": []}, path, PROTOCOL | {"processes": 1})
    (row,) = run_file.read(str(path))[0].to_pylist()
    assert row["calls"] >= 5 and row["copy_s"] > 0


def a_model(folder: Path, name: str, digest: str, inputs: dict) -> str:
    """The facts of a model, as the floor reads them; returns their file."""
    path = folder / name / "facts.json"
    path.parent.mkdir()
    path.write_text(json.dumps({"saved_model_sha256": digest, "inputs": inputs}))
    return str(path)


def test_the_floor_and_the_roofs_are_written(inputs, tmp_path):
    two = {"ids": {"shape": [None, 4], "dtype": "int32", "high": 9}} | INPUTS
    odd = {"flag": {"shape": [None], "dtype": "bool"}, "scale": {"shape": [], "dtype": "float32"}}
    facts = [
        a_model(tmp_path, name, digest, of)
        for name, digest, of in (("a", "aa", INPUTS), ("b", "bb", two), ("c", "cc", odd))
    ]
    call = {"batch_size": 2, "threads": 1}
    calls = {"a": [call, call | {"batch_size": 8}], "b": [call], "c": [call]}
    paths = [str(tmp_path / "floor.parquet"), str(tmp_path / "roofs.parquet")]
    said = floor.time_floor(facts, calls, PROTOCOL, *paths)
    assert said.startswith("the framework's floor: ") and "threads: 1" in said
    rows = pd.read_parquet(paths[0]).to_dict("records")
    assert [(row["inputs"], row["batch_size"], row["threads"]) for row in rows] == [
        (inputs_digest(INPUTS), 2, 1),
        (inputs_digest(INPUTS), 8, 1),
        (inputs_digest(two), 2, 1),
        (inputs_digest(odd), 2, 1),
    ]
    assert all(row["floor_s"] > 1e-6 and row["host"] == platform.node() for row in rows)
    (row,) = pd.read_parquet(paths[1]).to_dict("records")
    assert row["peak_gflop_per_s"] > 0 and row["peak_gbyte_per_s"] > 0


def test_models_of_the_same_inputs_share_one_floor(tmp_path, monkeypatch):
    timed = []

    def fresh(target, arguments):
        if target.endswith("save_identity"):
            Path(arguments["path"]).mkdir()
            return None
        if target.endswith("measure_roofs"):
            return {"peak_gflop_per_s": 1.0, "peak_gbyte_per_s": 1.0}
        timed.append(arguments["cell"])
        return {"latency_s": 1e-6 * len(timed)}

    monkeypatch.setattr(floor, "fresh", fresh)
    wide = {"x": {"shape": [None, 56], "dtype": "float32"}}
    facts = [
        a_model(tmp_path, name, digest, of)
        for name, digest, of in (("a", "aa", INPUTS), ("b", "bb", INPUTS), ("c", "cc", wide))
    ]
    call = {"batch_size": 2, "threads": 1}
    calls = {"a": [call], "b": [call, call | {"threads": 2}], "c": [call]}
    floor.time_floor(facts, calls, PROTOCOL, str(tmp_path / "f"), str(tmp_path / "r"))
    rows = pd.read_parquet(tmp_path / "f")
    assert rows["inputs"].tolist() == [inputs_digest(INPUTS)] * 2 + [inputs_digest(wide)]
    assert rows["floor_s"].tolist() == pytest.approx([1e-6, 2e-6, 3e-6])
    assert [one["axes"]["threads"] for one in timed] == [1, 2, 1]
    assert [one["inputs"] for one in timed] == [INPUTS, INPUTS, wide]
    assert pd.read_parquet(tmp_path / "r")["threads"].tolist() == [1, 2]


def test_a_result_is_one_line_that_says_both_latencies_and_what_disturbed():
    row = {"latency_s": 0.0419, "p50_s": 0.0455, "disturbed": False, "disturbed_reason": ""}
    assert result_line("a_cell", [row], 16) == (
        "a_cell … 41.9 ms a call (typically 45.5 ms), 382 examples/s"
    )
    marked = row | {"disturbed": True, "disturbed_reason": "steal 3.0 %"}
    assert result_line("a_cell", [marked], 16).endswith("; disturbed: steal 3.0 %")
    assert result_line("a_cell", [row, marked], 16).endswith("; 1 of 2 processes disturbed")
