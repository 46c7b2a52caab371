"""Other runtimes and environments in real studies, and the verdict for CI."""

import sys

import pandas as pd
import pytest
from snakemake_project import Project

from tfscale.files.whole import noted
from tfscale.tables.latency import REFUSED

pytestmark = pytest.mark.long

RECURRENT = """
import keras


def build(units: int):
    inputs = keras.Input((6, 3))
    return keras.Model(inputs, keras.layers.Dense(2)(keras.layers.LSTM(units)(inputs)))
"""
SMALL = {"model": ["mlp"], "layers": [2], "width": [64], "batch_size": [1, 8], "threads": [1]}
SHORT = {"min_time_s": 0.02, "rounds": 3}
ALL = ["tensorflow", "predict", "onnxruntime", "litert", "openvino"]
CELL = "mlp_layers2_batch1_width64_threads1"


def cells_of(project: Project) -> pd.DataFrame:
    return pd.read_parquet(project.root / "results/cells.parquet").set_index("cell")


def test_five_runtimes_are_compared_and_what_one_cannot_take_is_listed(fresh):
    (fresh.root / "recurrent.py").write_text(RECURRENT)
    lstm = {
        "model": ["recurrent"],
        "units": [4],
        "batch_size": [1],
        "runtime": ["tensorflow", "litert"],
    }
    grid = [SMALL | {"threads": [1, 2], "runtime": ALL}, lstm]
    fresh.configure(grid=grid, families={"recurrent": "recurrent.py"}, timing=SHORT)
    said = fresh.run()
    assert "convert  4 conversions" in said
    cells = cells_of(fresh)
    assert len(cells) == 21 and set(cells["runtime"]) == set(ALL)
    refused = "recurrent_units4_batch1_threads1_litert"
    reasons = noted(fresh.root / "results/runs.parquet", REFUSED)
    assert list(reasons) == [refused] and reasons[refused].startswith("litert cannot take it: ")
    page = (fresh.root / "results/report.html").read_text()
    assert f"<code>{refused}</code>: litert cannot take it: " in page
    said = pd.read_parquet(fresh.root / "results/fits/findings.parquet")
    said = said[said["topic"] == "cannot say"].set_index("model")["sentence"]
    assert said["recurrent"].str.startswith("what 1 cell would take: litert cannot take it: ").any()
    means = pd.read_parquet(fresh.root / "results/fits/comparison_means.parquet")
    mlp = means[means["model"] == "mlp"].set_index("value")
    assert set(mlp.index) == set(ALL) - {"tensorflow"} and (mlp["base"] == "tensorflow").all()
    assert (mlp["cells"] == 4).all() and mlp["ratio"].notna().all()
    assert "mlp: ONNX Runtime takes " in (fresh.root / "results/fits/findings.txt").read_text()
    runs = pd.read_parquet(fresh.root / "results/runs.parquet")
    other = runs[~runs["runtime"].isin(ALL[:2])]
    assert (other["output_difference_share"] < 1e-4).all()
    assert runs.loc[runs["runtime"] == "tensorflow", "output_difference"].isna().all()
    versions = other.groupby("runtime")["environment_record"].first()
    assert all(f'"version_{name}"' in versions[name] for name in ("onnxruntime", "openvino"))
    assert fresh.plan() == {}
    fresh.configure(grid=[SMALL | {"threads": [1, 2], "runtime": [*ALL[1:], "tensorflow"]}, lstm])
    assert "measure" not in fresh.plan()


SIXTH = '''"""ONNX Runtime by another name, with as many threads beside it as it says."""

import threading

from tfscale.runtimes import onnxruntime

PACKAGES = onnxruntime.PACKAGES
convert = onnxruntime.convert


def load(model, axes, batches):
    """The calls of a session."""

    def spin():
        while True:
            sum(range(1000))

    for _ in range(MORE):
        threading.Thread(target=spin, daemon=True).start()
    return onnxruntime.load(model, axes, batches)


MORE = 0
'''


def test_a_sixth_runtime_is_a_module_a_line_and_a_file(fresh):
    package = fresh.root / "workflow/scripts/tfscale"
    module, settings = package / "runtimes/sixth.py", package / "study/settings.py"
    module.write_text(SIXTH)
    settings.write_text(settings.read_text().replace('"openvino"]', '"openvino", "sixth"]'))
    env = (fresh.root / "envs/tensorflow.yaml").read_text()
    (fresh.root / "envs/sixth.yaml").write_text(env)
    fresh.configure(
        grid=[SMALL | {"batch_size": [1], "runtime": ["tensorflow", "sixth"]}], timing=SHORT
    )
    fresh.run("results/cells.parquet")
    assert set(cells_of(fresh)["runtime"]) == {"tensorflow", "sixth"}
    module.write_text(SIXTH.replace("MORE = 0", "MORE = 2"))
    assert fresh.plan("results/cells.parquet") == {"convert": 1, "measure": 3, "merge": 1}
    done = fresh.call("results/cells.parquet")
    assert done.returncode == 1
    assert f"{CELL}_sixth: a process found that sixth" in done.stdout
    assert "sixth worked with 3 threads where the cell has 1 (threads)" in done.stdout


SLOW = """#!/bin/sh
PYTHONPATH="{folder}:$PYTHONPATH" exec "{python}" "$@"
"""
CLOCK = """
import time

real = time.perf_counter_ns
time.perf_counter_ns = lambda: round(20 * real())
"""


def test_the_gate_ends_in_three_ways(fresh):
    """An interpreter whose clock runs 20 times as fast: beyond doubt on a busy machine, too."""
    folder = fresh.root / "slow"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(CLOCK)
    (folder / "python").write_text(SLOW.format(folder=folder, python=sys.executable))
    (folder / "python").chmod(0o755)
    grid = [SMALL | {"width": [64, 512], "environment": ["own", "same", "slow"]}]
    fresh.configure(
        grid=grid,
        environments={"same": {"python": sys.executable}, "slow": {"python": "slow/python"}},
        timing=SHORT | {"rounds": 5},
        compare={"of": "environment", "base": "own", "new": "slow"},
    )
    done = fresh.call("results/gate.txt")
    assert done.returncode == 1 and "FAILED" in done.stdout
    assert "slower by more than 5 %, slow over own: " in done.stdout
    assert not (fresh.root / "results/gate.txt").exists()
    cells = cells_of(fresh)
    assert len(cells) == 12 and cells["machine"].nunique() == 1
    fresh.configure(compare={"base": "slow", "new": "own"})
    assert fresh.plan("results/gate.txt") == {"gate": 1}
    fresh.run("results/gate.txt")
    verdict = (fresh.root / "results/gate.txt").read_text()
    assert verdict.startswith(("no slowdown above 5 %, own over slow (largest: ", "undetermined"))
    fresh.configure(compare={"base": "own", "new": "same", "slower_at_most": 1000})
    fresh.run("results/gate.txt")
    verdict = (fresh.root / "results/gate.txt").read_text()
    assert verdict.startswith("no slowdown above 99900 %, same over own (largest: ")
    fresh.configure(compare={"new": "sam"})
    done = fresh.call("results/gate.txt")
    assert "compare.new: no cell has environment 'sam'; did you mean same?" in done.stdout
