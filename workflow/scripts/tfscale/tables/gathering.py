"""The files of all runs, read in batches: visits stay in memory, raw durations go aside."""

import json
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import BinaryIO, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tfscale.errors import StudyError
from tfscale.timing import runs
from tfscale.timing.columns import SCHEMA

RAW = ["phase", "durations_ns", "calibrations_s"]
RAW_SCHEMA = pa.schema([SCHEMA.field(name) for name in RAW])
FILES = 256
"""Files of a batch: some ten MB of raw durations."""
_WORDS = ("stop_reason", "environment_id", "environment", "warnings", "cpu_model")

Task = TypeVar("Task")
Answer = TypeVar("Answer")
Left = dict[tuple[str, str], str]
"""Why the further rounds of a cell, by its name and environment, timed it no more."""
File = tuple[str, bool]
"""The path of a run, and whether it is a sentinel's."""


@dataclass(frozen=True)
class Batch:
    """The visits of some files with what their records say, their raw durations, what the files
    without visits say, and what is wrong with the files that could not be read."""

    visits: pa.Table
    raw: pa.Table
    left: Left
    faults: list[str]


def gather(
    paths: Iterable[str], sentinels: Iterable[str], aside: BinaryIO, threads: int = 1,
    models: Mapping[str, str] | None = None,
) -> pa.Table:  # fmt: skip
    """The visits of all runs and sentinels in the order of the paths, with their records.

    Their raw durations are written to `aside` (Arrow IPC, in the same order). At no time are more
    than `threads` + 1 batches of raw durations in memory. Raises StudyError that names every
    damaged file, and every run of another SavedModel than `models` names for its cell (by digest).
    """
    files = [*((path, False) for path in paths), *((path, True) for path in sentinels)]
    batches = [files[start : start + FILES] for start in range(0, len(files), FILES)]
    visits, faults = [], []
    left: Left = {}
    options = pa.ipc.IpcWriteOptions(compression="lz4")
    with pa.ipc.new_file(pa.PythonFile(aside, "w"), RAW_SCHEMA, options=options) as writer:
        for batch in in_order(partial(read_batch, models or {}), batches, threads):
            faults += batch.faults
            left |= batch.left
            if not faults:
                visits.append(batch.visits)
                writer.write_table(batch.raw)
    if faults:
        raise StudyError("\n".join(faults))
    together = pa.concat_tables(visits).unify_dictionaries().combine_chunks()
    return together.append_column("left_because", _left_because(together, left))


def read_batch(models: Mapping[str, str], files: list[File]) -> Batch:
    """Read and check some files; `models` are the digests of the cells' SavedModels."""
    tables, records, faults = [SCHEMA.empty_table()], [], []
    for path, sentinel in files:
        try:
            table, record = runs.read(path)
            runs.check_model(path, record, models)
        except StudyError as error:
            faults.append(str(error))
        else:
            tables.append(table)
            records.append((record, sentinel, len(table)))
    whole = pa.concat_tables(tables).combine_chunks()
    visits = whole.drop_columns(RAW)
    for name, column in _recorded(records).items():
        visits = visits.append_column(name, column)
    left = {
        (record["cell"], record["environment_id"]): record["stop_reason"]
        for record, _, count in records
        if not count
    }
    return Batch(visits, whole.select(RAW).cast(RAW_SCHEMA), left, faults)


def in_order(
    work: Callable[[Task], Answer], tasks: Iterable[Task], threads: int
) -> Iterator[Answer]:
    """The answers in the order of the tasks, made by threads that are never far ahead."""
    waiting: deque = deque()
    with ThreadPoolExecutor(threads) as pool:
        for task in tasks:
            waiting.append(pool.submit(work, task))
            if len(waiting) > threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _left_because(visits: pa.Table, left: Left) -> pa.Array:
    """For every visit why later runs of its cell timed it no more; missing where none did so.
    Sentinels have no further rounds."""
    keys = zip(*(visits[name].to_pylist() for name in ("cell", "environment_id")), strict=True)
    words = pa.array([left.get(key) for key in keys], pa.string())
    return pc.if_else(visits["sentinel"], pa.scalar(None, pa.string()), words).dictionary_encode()


def _recorded(records: list[tuple[dict, bool, int]]) -> dict[str, pa.Array]:
    """What the record of each file says of its visits, as columns."""
    counts = np.array([count for *_, count in records], dtype=int)
    rows = np.repeat(np.arange(len(records)), counts)
    said = [
        record
        | {
            "environment": json.dumps(record["environment"]),
            "warnings": "\n".join(record["warnings"]),
            "cpu_model": record["environment"].get("cpu_model", "unknown"),
        }
        for record, *_ in records
    ]
    columns = {
        name: pa.array([each[name] for each in said], pa.string()).dictionary_encode().take(rows)
        for name in _WORDS
    }
    own = pa.array([sentinel for _, sentinel, _ in records], pa.bool_())
    return columns | {"sentinel": own.take(rows)}
