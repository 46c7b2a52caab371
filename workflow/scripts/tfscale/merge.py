"""From the files of all runs to the tables of runs and cells, and the paper's tables."""

import json
from pathlib import Path

from tfscale.cells import cells_table, paper_table
from tfscale.merging import merge_runs
from tfscale.tables import write_csv, write_parquet


def merge(
    runs: list[str], facts: list[str], trained: dict[str, str], evaluation: dict, confidence: float,
    merged: str, cells: str, paper_tables: list[str],
) -> None:  # fmt: skip
    """Write runs.parquet, cells.parquet and the paper's CSV of each model.

    `facts` are the facts.json of all trained models, `trained` maps a cell to its trained model; a
    paper table is named after its model. Raises StudyError that names every damaged run.
    """
    table = merge_runs(runs)
    write_parquet(merged, table)
    visits = table.drop_columns(["phase", "durations_ns"]).to_pandas()
    known = {Path(path).parent.name: json.loads(Path(path).read_text()) for path in facts}
    by_cell = {cell: known[name] for cell, name in trained.items()}
    rows = cells_table(visits, by_cell, evaluation, confidence)
    write_parquet(cells, rows)
    for path in paper_tables:
        write_csv(path, paper_table(rows, Path(path).stem))
