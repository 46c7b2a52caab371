"""From the files of all runs to the tables of a study."""

from pathlib import Path

import pandas as pd

from tfscale.files.described import typed
from tfscale.files.tables import write_csv, write_parquet
from tfscale.models.facts import read_facts
from tfscale.tables.cells import cells_table, paper_table
from tfscale.tables.columns_cells import CELLS, VISITS
from tfscale.tables.merging import merge_runs


def merge(
    runs: list[str], sentinels: list[str], facts: list[str], floor: str, trained: dict[str, str],
    evaluation: dict, coverage: float, node_class: str | None, merged: str, visits: str,
    cells: str, paper_tables: list[str], threads: int = 1,
) -> None:  # fmt: skip
    """Write all runs, their visits without raw durations, the cells, and the paper's CSV tables.

    `facts` are the facts.json of all trained models, `trained` maps a cell to its trained model; a
    paper table is named after its model. With a `node_class` all hosts count as one machine, and
    the `host` of a cell is the node whose floor and roofs were measured. Raises StudyError that
    names every damaged run, every run of another model than the study's, or nodes that are no
    class.
    """
    known = {Path(path).parent.name: read_facts(path) for path in facts}
    by_cell = {cell: known[name] for cell, name in trained.items()}
    models = {cell: about["saved_model_sha256"] for cell, about in by_cell.items()}
    table = merge_runs(runs, sentinels, merged, threads, node_class, models)
    write_parquet(visits, typed("visits", table, VISITS))
    own = table.drop_columns(["environment"]).to_pandas()
    floor_s = pd.read_parquet(floor)
    if node_class:
        own["host"] = floor_s["host"].iloc[0]
    rows = cells_table(own, merged, by_cell, floor_s, evaluation, coverage)
    write_parquet(cells, typed("cells", rows, CELLS))
    for path in paper_tables:
        write_csv(path, paper_table(rows, Path(path).stem))
