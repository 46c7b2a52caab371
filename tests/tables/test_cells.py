"""The table of cells from what the processes say and what is known of the models."""

import numpy as np
import pandas as pd
import pytest
from other_study import FAMILIES
from run_files import AXES, cell_of, facts_of, floors

from tfscale.axes import adopt, cell_name, defaults
from tfscale.files.columns import typed
from tfscale.study.kinds import WORK
from tfscale.tables.cells import CELLS, MADE, cells_table, paper_table

LARGE = 2**40
TIMED = [
    name
    for name in CELLS.columns
    if name not in ("cell", "machine", "host", "<axes>", "called_batch", *MADE, *WORK)
    and name not in ("floor_s", "pass_mean_s", "passes_total_s")
]
EVALUATION = {"inputs": 2000, "passes": 10}


def timed_of(*cells: dict, latency_s: float = 1e-3) -> pd.DataFrame:
    """What the processes say of cells, as `latencies` gives it: axes as narrow as they were read,
    and an axis that a family has not is missing."""
    names = list(dict.fromkeys(axis for cell in cells for axis in cell))
    rows = [
        {"cell": cell_name(cell), "machine": "h", "host": "h"}
        | dict.fromkeys(names)
        | cell
        | dict.fromkeys(TIMED, 1)
        | {"latency_s": latency_s}
        for cell in cells
    ]
    return pd.DataFrame(rows).astype({"batch_size": "int32", "threads": "int32"})


def test_the_flop_of_a_large_network_do_not_overflow_the_tables_integers():
    cell, name = AXES | {"batch_size": 4}, cell_name(AXES | {"batch_size": 4})
    known = {name: facts_of("a", LARGE, parameters=LARGE)}
    table = cells_table(timed_of(cell), known, floors(("a", 4, 1e-6)), EVALUATION)
    (row,) = typed("cells", table, CELLS).to_pylist()
    assert row["flop_per_example"] == row["parameters"] == LARGE
    assert (row["called_batch"], row["layers"], row["floor_s"]) == (4, 4, 1e-6)
    assert row["pass_mean_s"] == pytest.approx(0.5) and row["passes_total_s"] == pytest.approx(5)


def test_cells_of_families_with_other_axes_stand_in_one_table():
    adopt(FAMILIES)
    wide = cell_of(model="mlp", width=8, alpha=0.5)
    deep = cell_of(model="deep", batch_size=2, depth=3)
    facts = {
        cell_name(wide): facts_of("w", 5, data="none", test_accuracy=None),
        cell_name(deep): facts_of("d", 7),
    }
    table = cells_table(
        timed_of(wide, deep), facts, floors(("w", 1, 1e-6), ("d", 2, 2e-6)), EVALUATION
    )
    arrow = typed("cells", table, CELLS)
    axes = ["width", "activation", "depth"]
    assert [str(arrow.schema.field(axis).type) for axis in axes] == ["int64", "string", "int64"]
    first, second = arrow.to_pylist()
    assert [first[axis] for axis in axes] == [8, "relu", None]
    assert [second[axis] for axis in axes] == [None, None, 3]
    assert (first["flop_per_example"], second["flop_per_example"]) == (5, 7)
    assert (first["data"], first["test_accuracy"], second["test_accuracy"]) == ("none", None, 0.5)
    assert (first["floor_s"], second["floor_s"]) == (1e-6, 2e-6)
    assert arrow.schema.types == CELLS.schema.types and "inputs" not in arrow.column_names


def test_the_floor_of_a_cell_is_that_of_its_models_inputs():
    cells = [AXES | {"layers": layers, "batch_size": size} for layers in (4, 6) for size in (1, 8)]
    facts = {cell_name(cell): facts_of(f"of {cell['layers']}", 1) for cell in cells}
    known = floors(("of 6", 8, 4e-6), ("of 4", 1, 1e-6), ("of 4", 8, 2e-6), ("of 2", 1, 9e-6))
    table = cells_table(timed_of(*cells), facts, known, EVALUATION)
    assert table["cell"].tolist() == list(facts)
    assert table["floor_s"].tolist() == pytest.approx([1e-6, 2e-6, np.nan, 4e-6], nan_ok=True)


def test_a_table_of_the_paper_holds_the_cells_that_differ_in_its_columns_alone():
    cells = [
        AXES | {"layers": layers, "batch_size": size, "filters": filters}
        for filters in (64, 32)
        for layers in (6, 4)
        for size in (16, 1)
    ]
    other = defaults("text") | {"model": "text", "layers": 4, "conv_size": 3, "input_size": 56}
    cells.append(other | {"batch_size": 1})
    facts = {cell_name(cell): facts_of("a", 1) for cell in cells}
    made = cells_table(timed_of(*cells), facts, floors(("a", 1, 1e-6)), EVALUATION)
    table = paper_table(made.assign(layers=made["layers"].astype(float)), "mnist")
    assert table.columns.tolist() == ["Layers", "BatchSize", "ConvSize", "TotalTime", "MeanTime"]
    keys = table[["Layers", "BatchSize", "ConvSize"]]
    assert keys.to_numpy().tolist() == [[4, 1, 3], [4, 16, 3], [6, 1, 3], [6, 16, 3]]
    assert set(map(str, keys.dtypes)) <= {"int32", "int64"}
    assert table["MeanTime"].tolist() == pytest.approx([2, 0.125, 2, 0.125])
