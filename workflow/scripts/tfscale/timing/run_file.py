"""The file of a run: schema, write, read, check."""

import json
from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from tfscale.axes import axes_of
from tfscale.errors import StudyError
from tfscale.files.parquet import sealed_parquet
from tfscale.files.whole import as_sealed

RAW = ["phase", "durations_ns"]

_TEXT, _NUMBER, _COUNT = pa.string(), pa.float64(), pa.int64()
_KINDS = {str: _TEXT, int: pa.int64(), float: _NUMBER, bool: pa.bool_()}
DESCRIBED = {
    "cell": (_TEXT, "name of the cell"),
    "seed": (_COUNT, "seed of the study"),
    "round": (pa.int32(), "round, from 1"),
    "process": (pa.int32(), "process in the run, from 1"),
    "isolation": (_TEXT, "fork or exec"),
    "protocol": (_TEXT, "short or paper"),
    "host": (_TEXT, "name of the machine"),
    "device": (_TEXT, "CPU or GPU"),
    "started": (pa.timestamp("us", tz="UTC"), "start of the process"),
    "process_s": (_NUMBER, "the whole process, from its first step to its answer"),
    "load_s": (_NUMBER, "loading the SavedModel"),
    "first_call_s": (_NUMBER, "the first call"),
    "warmup_calls": (pa.int32(), "calls of the warm-up"),
    "settled": (pa.bool_(), "the warm-up settled; null = too few calls to say"),
    "calls": (pa.int32(), "timed calls"),
    "latency_s": (
        _NUMBER,
        "seconds a call: the fastest block of calls of at least 2 ms, or the fastest call where "
        "that is longer",
    ),
    "p05_s": (_NUMBER, "5th percentile of the timed calls"),
    "p50_s": (_NUMBER, "median of the timed calls"),
    "p90_s": (_NUMBER, "90th percentile of the timed calls"),
    "p99_s": (_NUMBER, "99th percentile of the timed calls"),
    "mean_s": (_NUMBER, "mean of the timed calls"),
    "timed_s": (_NUMBER, "sum of the timed calls"),
    "unfetched_s": (_NUMBER, "median call without fetching the output; null = not run"),
    "copy_s": (_NUMBER, "median copy of a batch from host to device; null = not run"),
    "cpu_share": (_NUMBER, "CPU seconds a second of the timed block, all threads"),
    "calibration_before_s": (_NUMBER, "calibration kernel before the timed block"),
    "calibration_after_s": (_NUMBER, "calibration kernel after it"),
    "disturbed": (pa.bool_(), "a neighbour disturbed the process, by physical signs"),
    "disturbed_reason": (_TEXT, "the signs; empty = none"),
    "affinity": (pa.list_(pa.int32()), "CPUs of the process; empty = not pinned"),
    "load_average": (_NUMBER, "runnable processes over one minute, at the end"),
    "steal_share": (_NUMBER, "share of the CPUs' time taken by other machines; null = unknown"),
    "other_busy_share": (_NUMBER, "share of the CPUs' time used by others; null = unknown"),
    "context_switches_voluntary": (_COUNT, "switches while waiting"),
    "context_switches_involuntary": (_COUNT, "switches because another process had its turn"),
    "os_threads": (pa.int32(), "threads of the process at the end"),
    "memory_load_bytes": (_COUNT, "peak resident memory while loading; null = unknown"),
    "memory_first_bytes": (_COUNT, "peak resident memory of the first call"),
    "memory_warmup_bytes": (_COUNT, "peak resident memory of the warm-up"),
    "memory_timed_bytes": (_COUNT, "peak resident memory of the timed block"),
    "memory_device_bytes": (_COUNT, "peak memory of the GPU; null on a CPU"),
    "output_difference": (_NUMBER, "largest of an output from the SavedModel's; null = it is that"),
    "output_difference_share": (_NUMBER, "the same, over the largest output"),
    "phase": (pa.list_(_TEXT), "first, warmup, timed, unfetched or copy, a duration"),
    "durations_ns": (pa.list_(_COUNT), "raw durations in ns"),
}
"""Every column of a run but its axes: type and what it holds. Suffixes name the units."""


def schema_of(model: str) -> pa.Schema:
    """The columns of a run of a family: behind `cell` stand its axes."""
    own = {name: (_KINDS[axis.kind], f"axis: {name}") for name, axis in axes_of(model).items()}
    first = {"cell": DESCRIBED["cell"], "model": (_TEXT, "axis: model")}
    return pa.schema(
        [
            pa.field(name, kind, metadata={"what": what})
            for name, (kind, what) in (first | own | DESCRIBED).items()
        ]
    )


SCHEMA_VERSION = "9"
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
    """Write the processes of a run and its record; of a cell that was refused there are none, and
    the record names its `model`. Sealed, with a checksum on every page."""
    model = rows[0]["model"] if rows else record["model"]
    table = pa.Table.from_pylist(rows, schema=schema_of(model))
    notes = {"tfscale_schema": SCHEMA_VERSION, "tfscale_record": json.dumps(record)}
    with sealed_parquet(path, table.schema, notes, **FORMAT) as writer:
        writer.write_table(table)


def read(path: str) -> tuple[pa.Table, dict]:
    """The processes of a run and its record (see `record`).

    Raises StudyError when the file, <cell>/round<number>.parquet, is damaged, of another version,
    or the run of another cell or round. Several may be read at once, in threads.
    """
    again = f"delete {path} and type the same command again"
    content = Path(path).read_bytes()
    if not as_sealed(content):
        raise StudyError(f"{path} is damaged: {again}")
    with pq.ParquetFile(pa.BufferReader(content)) as file:
        metadata, table = file.metadata.metadata, file.read(use_threads=False)
    version = metadata.get(b"tfscale_schema", b"").decode()
    record = json.loads(metadata.get(b"tfscale_record", b"{}"))
    model = table["model"][0].as_py() if len(table) else record.get("model")
    if version != SCHEMA_VERSION or table.schema != schema_of(model):
        raise StudyError(f"{path} was written by another version of tfscale: {again}")
    place = Path(record["cell"], f"round{record['round']}.parquet")
    if place.parts != Path(path).parts[-2:]:
        raise StudyError(f"{path} is the run {place}: {again}")
    return table, record


def check_model(path: str, record: dict, models: Mapping[str, str]) -> None:
    """Raise StudyError when a run timed another SavedModel than `models` names for its cell, by
    digest."""
    timed = record["saved_model_sha256"]
    if timed != models.get(Path(path).parent.name, timed):
        raise StudyError(
            f"{path} timed another model than the study's: delete {path} and type the same "
            "command again"
        )
