"""Write tables as sealed Parquet and as CSV; check a table from elsewhere."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from tfscale.errors import StudyError
from tfscale.files.whole import PLACEHOLDER, intact, replacing, seal, write_text

SCHEMA_VERSION = "8"
"""Of the columns that another study may import (runs.parquet)."""
VERSION_KEY, SEAL_KEY = "tfscale_schema", "tfscale_seal"


@contextmanager
def sealed_parquet(
    path: str | Path,
    schema: pa.Schema,
    notes: Mapping[str, str] | None = None,
    **options: Any,
) -> Iterator[pq.ParquetWriter]:
    """A writer of a table that appears whole or not at all, with its version (a file of another
    kind has its own among the notes), notes and seal; `options` are the writer's."""
    about = {VERSION_KEY: SCHEMA_VERSION, **(notes or {}), SEAL_KEY: PLACEHOLDER.decode()}
    with replacing(path) as temporary:
        with pq.ParquetWriter(temporary, schema, **{"compression": "zstd"} | options) as writer:
            yield writer
            writer.add_key_value_metadata(about)
        seal(temporary)


def write_parquet(path: str | Path, table: pa.Table | pd.DataFrame) -> None:
    """Write a table as Parquet, whole or not at all."""
    arrow = (
        table if isinstance(table, pa.Table) else pa.Table.from_pandas(table, preserve_index=False)
    )
    with sealed_parquet(path, arrow.schema) as writer:
        writer.write_table(arrow)


def check_import(path: str | Path) -> bool:
    """Whether a Parquet file from elsewhere carries a seal and is as it was sealed.

    A file without one, by an earlier version or another program, cannot be judged: False. Raises
    StudyError for a damaged one and for one of another version.
    """
    try:
        about = pq.read_metadata(path).metadata or {}
    except (OSError, pa.ArrowException):
        raise StudyError(f"{path} is damaged or no Parquet file: get it again (imports)") from None
    if not {VERSION_KEY.encode(), SEAL_KEY.encode()} & set(about):
        return False
    if not intact(Path(path)):
        raise StudyError(f"{path} is damaged: get it again (imports)")
    if about.get(VERSION_KEY.encode()) != SCHEMA_VERSION.encode():
        raise StudyError(
            f"{path} was written by another version of tfscale: merge its runs again (imports)"
        )
    return True


def write_csv(path: str | Path, table: pd.DataFrame) -> None:
    """Write a table as CSV."""
    write_text(path, table.to_csv(index=False))
