"""From the files of all runs to the tables of a study."""

from pathlib import Path

import pandas as pd

from tfscale.cells import cells_table, paper_table
from tfscale.columns_cells import CELLS, RUNS, VISITS
from tfscale.described import typed
from tfscale.facts import read_facts
from tfscale.merging import RAW, merge_runs, timed_visits
from tfscale.tables import write_csv, write_parquet


def merge(
    runs: list[str], sentinels: list[str], facts: list[str], floor: str, trained: dict[str, str],
    evaluation: dict, coverage: float, merged: str, visits: str, cells: str,
    paper_tables: list[str],
) -> None:  # fmt: skip
    """Write all runs, their visits without raw durations, the cells, and the paper's CSV tables.

    `facts` are the facts.json of all trained models, `trained` maps a cell to its trained model; a
    paper table is named after its model. Raises StudyError that names every damaged run, and
    every run of another model than the study's.
    """
    known = {Path(path).parent.name: read_facts(path) for path in facts}
    by_cell = {cell: known[name] for cell, name in trained.items()}
    models = {cell: about["saved_model_sha256"] for cell, about in by_cell.items()}
    table = merge_runs(runs, sentinels, models)
    write_parquet(merged, typed("runs", table, RUNS))
    write_parquet(visits, typed("visits", table.drop_columns(RAW), VISITS))
    rows = cells_table(timed_visits(table), by_cell, pd.read_parquet(floor), evaluation, coverage)
    write_parquet(cells, typed("cells", rows, CELLS))
    for path in paper_tables:
        write_csv(path, paper_table(rows, Path(path).stem))
