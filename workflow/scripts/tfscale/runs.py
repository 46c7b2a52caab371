"""The file of one run: its schema, writing and reading."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from tfscale.atomic import replacing
from tfscale.axes import AXES
from tfscale.errors import StudyError
from tfscale.seal import PLACEHOLDER, intact, seal

SCHEMA_VERSION = "1"
ARROW_TYPES = {str: pa.string(), int: pa.int32(), bool: pa.bool_()}
QUANTILES = {"p05_s": 0.05, "p50_s": 0.5, "p90_s": 0.9, "p99_s": 0.99}
TIMED = "timed"

COLUMNS = [
    pa.field("cell", pa.string(), metadata={"what": "name of the cell"}),
    *[pa.field(axis, ARROW_TYPES[spec.kind]) for axis, spec in AXES.items()],
    pa.field("seed", pa.int64(), metadata={"what": "seed of the study"}),
    pa.field("round", pa.int32(), metadata={"what": "round, from 1"}),
    pa.field("visit", pa.int32(), metadata={"what": "visit in the run, from 1"}),
    pa.field("isolation", pa.string(), metadata={"what": "fork or exec"}),
    pa.field("protocol", pa.string(), metadata={"what": "visits or paper"}),
    pa.field("host", pa.string(), metadata={"what": "name of the machine"}),
    pa.field("device", pa.string(), metadata={"what": "CPU or GPU"}),
    pa.field("started", pa.timestamp("us", tz="UTC"), metadata={"what": "start of the visit"}),
    pa.field("affinity", pa.list_(pa.int32()), metadata={"what": "CPUs of the visit"}),
    pa.field("load_average", pa.float64(), metadata={"what": "over one minute, at the start"}),
    pa.field("load_s", pa.float64(), metadata={"what": "loading the SavedModel"}),
    pa.field("first_call_s", pa.float64(), metadata={"what": "the first call"}),
    pa.field("warmup_calls", pa.int32(), metadata={"what": "calls of the warm-up"}),
    pa.field("settled", pa.bool_(), metadata={"what": "warm-up settled; null = too few calls"}),
    pa.field("calls", pa.int32(), metadata={"what": "timed calls"}),
    *[pa.field(name, pa.float64(), metadata={"what": "latency"}) for name in QUANTILES],
    pa.field("mean_s", pa.float64(), metadata={"what": "mean latency"}),
    pa.field("cpu_share", pa.float64(), metadata={"what": "CPU seconds a second, timed block"}),
    pa.field("phase", pa.list_(pa.string()), metadata={"what": "first, warmup or timed, a call"}),
    pa.field("durations_ns", pa.list_(pa.int64()), metadata={"what": "raw durations, a call"}),
]
SCHEMA = pa.schema(COLUMNS)


def row(visit: dict) -> dict:
    """The columns that follow from the raw durations of a visit."""
    phases, durations = np.array(visit["phases"]), np.array(visit["durations_ns"])
    timed_s = durations[phases == TIMED] / 1e9
    return {
        "first_call_s": durations[0] / 1e9,
        "warmup_calls": int((phases == "warmup").sum()),
        "calls": len(timed_s),
        "mean_s": float(timed_s.mean()),
        "phase": visit["phases"],
    } | {name: float(np.quantile(timed_s, level)) for name, level in QUANTILES.items()}


def write(path: str, rows: list[dict], record: dict) -> None:
    """Write the visits of a run and its environment; sealed, with a checksum on every page."""
    table = pa.Table.from_pylist(rows, schema=SCHEMA)
    with replacing(path) as temporary:
        with pq.ParquetWriter(
            temporary, SCHEMA, compression="zstd", write_page_checksum=True
        ) as writer:
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

    Raises StudyError when the file is damaged or of another version.
    """
    again = f"delete {path} and type the same command again"
    if not intact(Path(path)):
        raise StudyError(f"{path} is damaged: {again}")
    with pq.ParquetFile(path, page_checksum_verification=True) as file:
        metadata = file.metadata.metadata
        if metadata.get(b"tfscale_schema", b"").decode() != SCHEMA_VERSION:
            raise StudyError(f"{path} was written by another version of tfscale: {again}")
        return file.read(), json.loads(metadata[b"tfscale_record"])
