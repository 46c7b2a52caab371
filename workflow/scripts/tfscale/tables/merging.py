"""All runs in one table, written batch by batch: memory does not grow with raw durations."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO

import pandas as pd
import pyarrow as pa

from tfscale.files.described import typed
from tfscale.files.tables import sealed_parquet
from tfscale.tables.columns_cells import RUNS
from tfscale.tables.gathering import RAW, gather
from tfscale.tables.node_class import refuse_mixed
from tfscale.timing.calibration import reference
from tfscale.timing.disturbance import disturbance

JUDGED = [
    "host", "device", "threads", "cpu_share", "steal_share",
    "calibration_before_s", "calibration_after_s",
]  # fmt: skip


def merge_runs(
    paths: Iterable[str], sentinels: Iterable[str], target: str, threads: int = 1,
    node_class: str | None = None, models: Mapping[str, str] | None = None,
) -> pa.Table:  # fmt: skip
    """Write the rows of all runs and sentinels to `target`; returns them without raw durations.

    `environment_id` tells environments apart whose rows must not be pooled. `order_index` counts
    the runs of a round in the order in which they really started. Whether a visit was disturbed
    is judged again, against the calibrations of the whole study on its host. With a `node_class`
    all hosts count as that one machine, and its calibrations judge all visits. Raises StudyError
    that names every damaged file, every one that timed another SavedModel than `models` names for
    its cell (by digest), or nodes that are no class.
    """
    folder = Path(target).parent
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryFile(dir=folder) as aside:
        visits = gather(paths, sentinels, aside, threads, models)
        if node_class:
            refuse_mixed(visits, node_class, folder)
        visits = judged(visits, node_class)
        _write(target, visits, aside)
    return visits


def judged(visits: pa.Table, node_class: str | None = None) -> pa.Table:
    """The visits with what only the whole study can say of each."""
    signs = _signs(visits, node_class)
    visits = _set(visits, "disturbed_reason", pa.array(signs, pa.string()))
    visits = _set(visits, "disturbed", pa.array(list(map(bool, signs)), pa.bool_()))
    visits = visits.append_column("machine", pa.array(_machines(visits, node_class), pa.string()))
    return visits.append_column("order_index", pa.array(_order_index(visits), pa.int32()))


def _write(target: str, visits: pa.Table, aside: BinaryIO) -> None:
    """The visits with the raw durations that lie aside in the same order."""
    aside.seek(0)
    start = 0
    with (
        pa.ipc.open_file(pa.PythonFile(aside, "r")) as raws,
        sealed_parquet(target, RUNS) as writer,
    ):
        for number in range(raws.num_record_batches):
            raw = raws.get_batch(number)
            rows = visits.slice(start, raw.num_rows)
            start += raw.num_rows
            columns = {name: (raw if name in RAW else rows)[name] for name in RUNS.names}
            writer.write_table(typed("runs", pa.table(columns), RUNS))


def _signs(visits: pa.Table, node_class: str | None) -> list[str]:
    """The signs of disturbance of every visit against the undisturbed calibration of its host, or
    of its class: a node that is slower than the others is then seen as disturbed."""
    table = visits.select(JUDGED).to_pandas()
    if node_class:
        table["host"] = node_class
    both = table[["calibration_before_s", "calibration_after_s"]]
    calm_s = {
        host: reference(both.loc[rows].to_numpy().ravel())
        for host, rows in table.groupby("host").groups.items()
    }
    return [disturbance(row, calm_s[row["host"]]) for row in table.to_dict("records")]


def _machines(visits: pa.Table, node_class: str | None) -> pd.Series:
    """The class of nodes; else the host, and its environment too where the study saw several."""
    if node_class:
        return pd.Series([node_class] * len(visits))
    table = visits.select(["host", "environment_id"]).to_pandas().astype(str)
    environments = table.groupby("host")["environment_id"].transform("nunique")
    return table["host"].where(environments == 1, table["host"] + " " + table["environment_id"])


def _set(table: pa.Table, name: str, column: pa.Array) -> pa.Table:
    place = table.schema.get_field_index(name)
    return table.set_column(place, table.schema.field(name), column)


def _order_index(visits: pa.Table) -> pd.Series:
    keys = visits.select(["cell", "round", "sentinel", "started"]).to_pandas()
    start = keys.groupby(["cell", "round", "sentinel"])["started"].transform("min")
    return start.groupby([keys["round"], keys["sentinel"]]).rank(method="dense").astype(int)
