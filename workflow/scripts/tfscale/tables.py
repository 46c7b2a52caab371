"""Writes tables as Parquet and CSV, whole or not at all."""

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from tfscale.atomic import replacing, write_text


def write_parquet(path: str | Path, table: pa.Table | pd.DataFrame) -> None:
    """Write a table as Parquet, whole or not at all."""
    arrow = (
        table if isinstance(table, pa.Table) else pa.Table.from_pandas(table, preserve_index=False)
    )
    with replacing(path) as temporary:
        pq.write_table(arrow, temporary, compression="zstd")


def write_csv(path: str | Path, table: pd.DataFrame) -> None:
    """Write a table as CSV."""
    write_text(path, table.to_csv(index=False))
