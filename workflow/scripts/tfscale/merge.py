"""From the files of all runs to the tables of a study."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from tfscale.cells import cells_table, paper_table
from tfscale.merging import merge_runs
from tfscale.tables import write_csv, write_parquet

RAW = ["phase", "durations_ns"]


def merge(
    runs: list[str], sentinels: list[str], facts: list[str], floor: str, trained: dict[str, str],
    evaluation: dict, coverage: float, merged: str, visits: str, cells: str,
    paper_tables: list[str],
) -> None:  # fmt: skip
    """Write all runs, their visits without raw durations, the cells, and the paper's CSV tables.

    `facts` are the facts.json of all trained models, `trained` maps a cell to its trained model; a
    paper table is named after its model. Raises StudyError that names every damaged run.
    """
    table = merge_runs(runs, sentinels)
    write_parquet(merged, table)
    write_parquet(visits, table.drop_columns(RAW))
    known = {Path(path).parent.name: json.loads(Path(path).read_text()) for path in facts}
    by_cell = {cell: known[name] for cell, name in trained.items()}
    rows = cells_table(_timed(table), by_cell, pd.read_parquet(floor), evaluation, coverage)
    write_parquet(cells, rows)
    for path in paper_tables:
        write_csv(path, paper_table(rows, Path(path).stem))


def _timed(table: pa.Table) -> pd.DataFrame:
    """The visits of the rounds, without the sentinels, each with its timed durations (ns)."""
    visits = table.drop_columns([*RAW, "environment"]).to_pandas()
    durations, phases = table["durations_ns"].to_pylist(), table["phase"].to_pylist()
    timed = [
        np.array(values)[np.array(phase) == "timed"]
        for values, phase in zip(durations, phases, strict=True)
    ]
    return visits.assign(timed_ns=timed)[~visits["sentinel"]]
