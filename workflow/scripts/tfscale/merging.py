"""All runs in one table."""

import json

import pandas as pd
import pyarrow as pa

from tfscale import runs
from tfscale.errors import StudyError


def merge_runs(paths: list[str]) -> pa.Table:
    """The rows of all runs, with their environment (JSON) and place in the round.

    `order_index` counts the runs of a round in the order in which they really started. Raises
    StudyError that names every damaged file.
    """
    tables, faults = [], []
    for path in paths:
        try:
            table, record = runs.read(path)
        except StudyError as error:
            faults.append(str(error))
            continue
        facts = {
            "stop_reason": record["stop_reason"],
            "environment": json.dumps(record["environment"]),
        }
        for name, value in facts.items():
            column = pa.array([value] * len(table)).dictionary_encode()
            table = table.append_column(name, column)
        tables.append(table)
    if faults:
        raise StudyError("\n".join(faults))
    merged = pa.concat_tables(tables).unify_dictionaries()
    return merged.append_column("order_index", pa.array(_order_index(merged), pa.int32()))


def _order_index(merged: pa.Table) -> pd.Series:
    keys = merged.select(["cell", "round", "started"]).to_pandas()
    start = keys.groupby(["cell", "round"])["started"].transform("min")
    return start.groupby(keys["round"]).rank(method="dense").astype(int)
