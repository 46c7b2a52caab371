"""Every column of every table has a type and a meaning, and the files say both."""

import re

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tfscale.analysis.fit import FINDINGS, FITS
from tfscale.axes import adopt
from tfscale.files.columns import (
    Described,
    axes,
    count,
    flag,
    meaning,
    model_axes,
    number,
    text,
    typed,
)
from tfscale.files.parquet import write_parquet
from tfscale.study.outputs import TABLES
from tfscale.tables.cells import (
    CELLS,
    FACTS,
    FLOOR,
    PREDICTIONS,
    ROOFS,
    RUN,
    RUN_MACHINE,
    RUNS,
)

ALL = FITS | {
    "findings": FINDINGS,
    "cells": CELLS,
    "run": RUN,
    "runs": RUNS,
    "floor": FLOOR,
    "roofs": ROOFS,
    "predictions of a model": PREDICTIONS,
    "facts": FACTS,
    "machine": RUN_MACHINE,
}
SMALL = Described(
    {"cell": text("cell"), "layers": count("layers"), "p": number("p"), "jit": flag("XLA")}
)


def test_every_fitted_table_is_described():
    assert set(FITS) == set(TABLES)


@pytest.mark.parametrize("name", ALL)
def test_every_column_says_what_it_holds(name):
    schema = ALL[name].schema
    assert len(set(schema.names)) == len(schema.names) > 1
    for field in schema:
        words = meaning(field)
        assert 1 <= len(words) <= 110 and "|" not in words, field.name


def test_a_description_follows_the_families_of_the_study():
    table = Described({"cell": text("cell"), **axes(), "p": number("p")})
    models = Described({**model_axes(), "p": number("p")})
    adopt(
        {
            "mlp": {"axes": {"width": {"kind": "int"}, "act": {"kind": "str"}}},
            "deep": {"axes": {"depth": {"kind": "int"}, "width": {"kind": "float"}}},
        }
    )
    assert models.names == ["width", "act", "depth", "p"]
    calls = ["batch_size", "threads", "precision", "jit", "runtime", "environment"]
    assert table.names == ["cell", "model", "width", "act", "depth", *calls, "p"]
    assert table.schema.field("width").type == pa.float64(), "a whole number in one family only"
    assert table.schema.field("act").type == pa.string()
    assert meaning(table.schema.field("depth")) == "axis: depth"
    adopt({"one": {"axes": {"size": {"kind": "int"}}}})
    assert models.names == ["size", "p"]


def test_what_a_column_holds_stands_in_the_file(tmp_path):
    table = pd.DataFrame({"cell": ["a"], "layers": [4], "p": [0.5], "jit": [True]})
    write_parquet(tmp_path / "t.parquet", typed("t", table, SMALL))
    assert meaning(pq.read_schema(tmp_path / "t.parquet").field("jit")) == "XLA"
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "t.parquet"), table)


def test_unknown_values_are_missing_in_every_type():
    rows = [["a", 4, 0.5, True], [np.nan, np.nan, np.nan, np.nan]]
    table = pd.DataFrame(rows, columns=SMALL.names)
    made = typed("t", table, SMALL)
    assert made.schema.types == [pa.string(), pa.int64(), pa.float64(), pa.bool_()]
    assert made.to_pylist()[1] == dict.fromkeys(SMALL.names)


def test_a_table_without_rows_has_the_types_of_one_with_rows():
    made = typed("t", pd.DataFrame(columns=SMALL.names), SMALL)
    assert made.num_rows == 0 and made.schema.types == SMALL.schema.types


@pytest.mark.parametrize(
    "columns",
    [
        ["cell", "layers", "p", "jit", "new"],
        ["cell", "layers", "p"],
        ["layers", "cell", "p", "jit"],
    ],
)
def test_a_table_that_differs_from_its_description_is_refused(columns):
    said = f"the table t has {columns}, its description {SMALL.names}"
    with pytest.raises(ValueError, match=re.escape(said)):
        typed("t", pd.DataFrame(columns=columns), SMALL)


def test_a_value_of_another_type_is_refused():
    table = pd.DataFrame({"cell": ["a"], "layers": [4.5], "p": [0.5], "jit": [True]})
    with pytest.raises(pa.ArrowInvalid, match=r"4\.5"):
        typed("t", table, SMALL)
