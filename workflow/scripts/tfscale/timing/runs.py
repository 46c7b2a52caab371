"""The file of one run: its schema, writing and reading."""

import json
from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from tfscale.errors import StudyError
from tfscale.files.atomic import replacing
from tfscale.files.seal import PLACEHOLDER, as_sealed, seal
from tfscale.timing.columns import SCHEMA

SCHEMA_VERSION = "6"
PHASE, DURATIONS = "phase.list.element", "durations_ns.list.element"
FORMAT = {
    "compression": {PHASE: "zstd", DURATIONS: "zstd"},
    "use_dictionary": [PHASE],
    "write_statistics": False,
    "write_page_checksum": True,
}
"""Of a few rows only the raw durations are worth packing: the file is smaller and is read in half
the time, which counts where thousands are merged."""


def write(path: str, rows: list[dict], record: dict) -> None:
    """Write the visits of a run and its environment; sealed, with a checksum on every page."""
    table = pa.Table.from_pylist(rows, schema=SCHEMA)
    with replacing(path) as temporary:
        with pq.ParquetWriter(temporary, SCHEMA, **FORMAT) as writer:
            writer.write_table(table)
            writer.add_key_value_metadata(
                {
                    "tfscale_schema": SCHEMA_VERSION,
                    "tfscale_record": json.dumps(record),
                    "tfscale_seal": PLACEHOLDER.decode(),
                }
            )
        seal(temporary)


def read(path: str) -> tuple[pa.Table, dict]:
    """The visits of a run and its record (stop reason and environment).

    Raises StudyError when the file, <walk>/<cell>/round<number>.parquet, is damaged, of another
    version, or the run of another walk, cell or round. Several may be
    read at once, in threads.
    """
    again = f"delete {path} and type the same command again"
    content = Path(path).read_bytes()
    if not as_sealed(content):
        raise StudyError(f"{path} is damaged: {again}")
    with pq.ParquetFile(pa.BufferReader(content)) as file:
        metadata, table = file.metadata.metadata, file.read(use_threads=False)
    version = metadata.get(b"tfscale_schema", b"").decode()
    if version != SCHEMA_VERSION or table.schema != SCHEMA:
        raise StudyError(f"{path} was written by another version of tfscale: {again}")
    record = json.loads(metadata[b"tfscale_record"])
    place = Path(path).parts[-3:]
    name = _name(table, record, place)
    if name.parts != place:
        raise StudyError(f"{path} is the run {name}: {again}")
    return table, record


def check_model(path: str, record: dict, models: Mapping[str, str]) -> None:
    """Raise StudyError when a run timed another SavedModel than `models` names for its cell, by
    digest; runs of before the digest was recorded are trusted."""
    timed = record.get("saved_model_sha256")
    if timed and timed != models.get(Path(path).parent.name, timed):
        raise StudyError(
            f"{path} timed another model than the study's: delete {path} and type the same "
            "command again"
        )


def _name(table: pa.Table, record: dict, place: tuple[str, ...]) -> Path:
    """Where a run belongs, by its content: that of a further round may have no visits."""
    walk = record.get("walk", place[0])
    if not len(table):
        return Path(walk, str(record.get("cell")), f"round{record.get('round')}.parquet")
    places = {(row["cell"], row["round"]) for row in table.select(["cell", "round"]).to_pylist()}
    if len(places) != 1:
        return Path(walk, "of several cells or rounds")
    ((cell, number),) = places
    return Path(walk, cell, f"round{number}.parquet")
