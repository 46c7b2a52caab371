"""Cells off the defaults of the optional axes, added to a finished study."""

import pandas as pd
import pytest
import yaml
from snakemake_project import CELLS

from tfscale.timing import run_file

pytestmark = pytest.mark.long

WIDE = "mnist_layers4_batch1_conv3_input28_threads2_filters16_bfloat16_jit"
OLD_WAY = "mnist_layers4_batch1_conv3_input28_threads1_predict"


def test_new_axes_add_cells_and_leave_the_others_alone(project):
    grid = yaml.safe_load((project.root / "config.yaml").read_text())["grid"]
    one = grid[0] | {"layers": [4]}
    wide = {"threads": [2], "filters": [16], "precision": ["bfloat16"], "jit": [True]}
    project.configure(grid=[*grid, one | wide, one | {"runtime": ["predict"]}])
    assert project.plan("results/cells.parquet") == {
        "train": 1,
        "floor": 1,
        "measure": 2,
        "merge": 1,
    }
    project.run("results/cells.parquet")
    cells = pd.read_parquet(project.root / "results/cells.parquet").set_index("cell")
    assert list(cells.index) == [*CELLS, WIDE, OLD_WAY]
    found = cells.loc[WIDE, ["threads", "filters", "precision", "jit", "runtime"]].tolist()
    assert found == [2, 16, "bfloat16", True, "tensorflow"]
    assert cells["weight_bytes"][WIDE] == 2 * cells["parameters"][WIDE]
    row = run_file.read(str(project.run_file(WIDE)))[0].to_pylist()[0]
    assert row["jit"] is True
