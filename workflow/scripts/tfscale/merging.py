"""All runs in one table."""

import json
from collections.abc import Iterable

import numpy as np
import pandas as pd
import pyarrow as pa

from tfscale import runs
from tfscale.calibration import reference
from tfscale.disturbance import disturbance
from tfscale.errors import StudyError
from tfscale.node_class import Nodes

RAW = ["phase", "durations_ns"]
JUDGED = [
    "host", "device", "threads", "cpu_share", "steal_share",
    "calibration_before_s", "calibration_after_s",
]  # fmt: skip


def merge_runs(
    paths: Iterable[str], sentinels: Iterable[str] = (), node_class: str | None = None
) -> pa.Table:
    """The rows of all runs and sentinels, with their environment and place in the round.

    `environment_id` tells environments apart whose rows must not be pooled. `order_index` counts
    the runs of a round in the order in which they really started. Whether a visit was disturbed
    is judged again, against the calibrations of the whole study on its host. With a `node_class`
    all hosts count as that one machine, whose calibrations judge all visits. Raises StudyError
    that names every damaged file, or nodes that are no class.
    """
    tables, faults, nodes = [], [], Nodes(node_class or "")
    for path, sentinel in [*((p, False) for p in paths), *((p, True) for p in sentinels)]:
        try:
            table, record = runs.read(path)
            tables.append(_with_record(table, record, sentinel))
            if node_class:
                nodes.see(path, record["environment"])
        except StudyError as error:
            faults.append(str(error))
    if faults:
        raise StudyError("\n".join(faults))
    nodes.refuse_mixed()
    merged = pa.concat_tables(tables).unify_dictionaries()
    signs = _signs(merged, node_class)
    merged = _set(merged, "disturbed_reason", pa.array(signs, pa.string()))
    disturbed = [bool(signs) for signs in merged["disturbed_reason"].to_pylist()]
    merged = _set(merged, "disturbed", pa.array(disturbed, pa.bool_()))
    machines = _machines(merged, node_class)
    merged = merged.append_column("machine", pa.array(machines, pa.string()))
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
        "cpu_model": record["environment"].get("cpu_model", "unknown"),
    }
    for name, value in facts.items():
        column = pa.array([value] * len(table)).dictionary_encode()
        table = table.append_column(name, column)
    return table.append_column("sentinel", pa.array([sentinel] * len(table)))


def _signs(merged: pa.Table, node_class: str | None) -> list[str]:
    """The signs of disturbance of every visit against the undisturbed calibration of its host, or
    of its class: a node that is slower than the others is then seen as disturbed."""
    visits = merged.select(JUDGED).to_pandas()
    if node_class:
        visits["host"] = node_class
    both = visits[["calibration_before_s", "calibration_after_s"]]
    calm_s = {
        host: reference(both.loc[rows].to_numpy().ravel())
        for host, rows in visits.groupby("host").groups.items()
    }
    return [disturbance(row, calm_s[row["host"]]) for row in visits.to_dict("records")]


def _machines(merged: pa.Table, node_class: str | None) -> pd.Series:
    """The class of nodes; else the host, and its environment too where the study saw several."""
    visits = merged.select(["host", "environment_id"]).to_pandas().astype(str)
    if node_class:
        return pd.Series(node_class, index=visits.index)
    environments = visits.groupby("host")["environment_id"].transform("nunique")
    return visits["host"].where(environments == 1, visits["host"] + " " + visits["environment_id"])


def _set(table: pa.Table, name: str, column: pa.Array) -> pa.Table:
    place = table.schema.get_field_index(name)
    return table.set_column(place, table.schema.field(name), column)


def _order_index(merged: pa.Table) -> pd.Series:
    keys = merged.select(["cell", "round", "sentinel", "started"]).to_pandas()
    start = keys.groupby(["cell", "round", "sentinel"])["started"].transform("min")
    return start.groupby([keys["round"], keys["sentinel"]]).rank(method="dense").astype(int)
