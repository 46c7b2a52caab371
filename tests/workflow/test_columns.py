"""The files that a study writes have the columns that docs/output.md names."""

import pyarrow.parquet as pq
import pytest

from tfscale.columns_beside import FLOOR, PREDICTIONS, ROOFS
from tfscale.columns_cells import CELLS, RUN, RUNS, VISITS
from tfscale.columns_fits import FINDINGS, FITS
from tfscale.described import meaning

PROMISED = {
    "cells": CELLS, "runs": RUNS, "visits": VISITS, "fits/findings": FINDINGS,
    **{f"fits/{name}": schema for name, schema in FITS.items()},
}  # fmt: skip


def columns(schema) -> list[tuple]:
    return [(field.name, field.type) for field in schema]


@pytest.mark.parametrize("name", PROMISED)
def test_a_table_of_the_analysis_describes_itself(finished, name):
    written = pq.read_schema(finished.root / "results" / f"{name}.parquet")
    assert columns(written) == columns(PROMISED[name])
    assert [meaning(field) for field in written] == [meaning(field) for field in PROMISED[name]]


@pytest.mark.parametrize("name, schema", [("floor", FLOOR), ("roofs", ROOFS)])
def test_floor_and_roofs_have_the_columns_described(finished, name, schema):
    assert pq.read_schema(finished.root / "results" / f"{name}.parquet").names == schema.names


def test_a_run_has_the_columns_described(finished):
    (path, *_) = sorted((finished.root / "results" / "runs").glob("*/round1.parquet"))
    assert columns(pq.read_schema(path)) == columns(RUN)


@pytest.mark.parametrize("model", ["mnist", "text"])
def test_the_predictions_of_a_model_have_the_columns_described(finished, model):
    (path, *_) = sorted(
        (finished.root / "results" / "models").glob(f"{model}*/predictions.parquet")
    )
    extra = [] if model == "text" else ["review"]
    assert pq.read_schema(path).names + extra == PREDICTIONS.names
