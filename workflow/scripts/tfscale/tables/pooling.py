"""The timed calls of many visits put together, read batch by batch."""

from collections import defaultdict
from collections.abc import Iterator

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq

ROWS = 512
"""Visits of a batch."""


def pooled(runs_path: str, group: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    """Every group with the timed durations (ns) of all its visits, in ascending order.

    `group` numbers the rows of the file, a visit each; a row of -1 is left out. A group comes when
    its last row has been read, so that little is held where a group's rows are neighbours.
    """
    left = np.bincount(group[group >= 0])
    waiting: defaultdict[int, list[np.ndarray]] = defaultdict(list)
    for number, timed_ns in _timed(runs_path, group):
        waiting[number].append(timed_ns)
        left[number] -= 1
        if not left[number]:
            yield number, np.sort(np.concatenate(waiting.pop(number)))


def _timed(runs_path: str, group: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    """The group and the timed durations of every row that is in one."""
    start = 0
    with pq.ParquetFile(runs_path) as file:
        for batch in file.iter_batches(ROWS, columns=["phase", "durations_ns"]):
            timed = pc.equal(batch.column("phase").flatten(), "timed")
            chosen = timed.to_numpy(zero_copy_only=False)
            values = batch.column("durations_ns").flatten().to_numpy()
            ends = np.cumsum(pc.list_value_length(batch.column("durations_ns")).to_numpy())
            begins = np.concatenate([[0], ends[:-1]])
            numbers = group[start : start + batch.num_rows]
            start += batch.num_rows
            for number, begin, end in zip(numbers, begins, ends, strict=True):
                if number >= 0:
                    yield int(number), values[begin:end][chosen[begin:end]]
