"""All runs in one table."""

import json
from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd
import pyarrow as pa

from tfscale import runs
from tfscale.calibration import reference
from tfscale.disturbance import disturbance
from tfscale.errors import StudyError

RAW = ["phase", "durations_ns"]
JUDGED = [
    "host", "device", "threads", "cpu_share", "steal_share",
    "calibration_before_s", "calibration_after_s",
]  # fmt: skip


def merge_runs(
    paths: Iterable[str], sentinels: Iterable[str] = (), models: Mapping[str, str] | None = None
) -> pa.Table:
    """The rows of all runs and sentinels, with their environment and place in the round.

    `environment_id` tells environments apart whose rows must not be pooled. `order_index` counts
    the runs of a round in the order in which they really started. Whether a visit was disturbed
    is judged again, against the calibrations of the whole study on its host. Raises StudyError
    that names every damaged file, and every one that timed another SavedModel than `models` names
    for its cell (by digest).
    """
    tables, faults = [], []
    for path, sentinel in [*((p, False) for p in paths), *((p, True) for p in sentinels)]:
        try:
            visits, record = runs.read(path)
            runs.check_model(path, record, models or {})
            tables.append(_with_record(visits, record, sentinel))
        except StudyError as error:
            faults.append(str(error))
    if faults:
        raise StudyError("\n".join(faults))
    merged = pa.concat_tables(tables).unify_dictionaries()
    merged = _set(merged, "disturbed_reason", pa.array(_signs(merged), pa.string()))
    disturbed = [bool(signs) for signs in merged["disturbed_reason"].to_pylist()]
    merged = _set(merged, "disturbed", pa.array(disturbed, pa.bool_()))
    merged = merged.append_column("machine", pa.array(_machines(merged), pa.string()))
    return merged.append_column("order_index", pa.array(_order_index(merged), pa.int32()))


def timed_visits(merged: pa.Table) -> pd.DataFrame:
    """The visits of the rounds, without the sentinels, each with its timed durations (ns)."""
    visits = merged.drop_columns([*RAW, "environment"]).to_pandas()
    durations, phases = merged["durations_ns"].to_pylist(), merged["phase"].to_pylist()
    timed = [
        np.array(values)[np.array(phase) == "timed"]
        for values, phase in zip(durations, phases, strict=True)
    ]
    return visits.assign(timed_ns=timed)[~visits["sentinel"]]


def _with_record(table: pa.Table, record: dict, sentinel: bool) -> pa.Table:
    facts = {
        "stop_reason": record["stop_reason"],
        "environment_id": record["environment_id"],
        "environment": json.dumps(record["environment"]),
        "warnings": "\n".join(record["warnings"]),
    }
    for name, value in facts.items():
        column = pa.array([value] * len(table)).dictionary_encode()
        table = table.append_column(name, column)
    return table.append_column("sentinel", pa.array([sentinel] * len(table)))


def _signs(merged: pa.Table) -> list[str]:
    """The signs of disturbance of every visit against its host's undisturbed calibration."""
    visits = merged.select(JUDGED).to_pandas()
    both = visits[["calibration_before_s", "calibration_after_s"]]
    calm_s = {
        host: reference(both.loc[rows].to_numpy().ravel())
        for host, rows in visits.groupby("host").groups.items()
    }
    return [disturbance(row, calm_s[row["host"]]) for row in visits.to_dict("records")]


def _machines(merged: pa.Table) -> pd.Series:
    """The host, and its environment too where the study saw the host in several."""
    visits = merged.select(["host", "environment_id"]).to_pandas().astype(str)
    environments = visits.groupby("host")["environment_id"].transform("nunique")
    return visits["host"].where(environments == 1, visits["host"] + " " + visits["environment_id"])


def _set(table: pa.Table, name: str, column: pa.Array) -> pa.Table:
    place = table.schema.get_field_index(name)
    return table.set_column(place, table.schema.field(name), column)


def _order_index(merged: pa.Table) -> pd.Series:
    keys = merged.select(["cell", "round", "sentinel", "started"]).to_pandas()
    start = keys.groupby(["cell", "round", "sentinel"])["started"].transform("min")
    return start.groupby([keys["round"], keys["sentinel"]]).rank(method="dense").astype(int)
