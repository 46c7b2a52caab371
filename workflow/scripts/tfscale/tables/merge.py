"""All run files into runs and visits, batch by batch; what was disturbed; one kind of node."""

import json
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO, TypeVar

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from tfscale.errors import StudyError
from tfscale.files.columns import typed
from tfscale.files.parquet import sealed_parquet, write_csv, write_parquet
from tfscale.models.saved import read_facts
from tfscale.tables.cells import CELLS, RUNS, cells_table, paper_table
from tfscale.timing import run_file
from tfscale.timing.calm import reference
from tfscale.timing.protocol import disturbance
from tfscale.timing.run_file import RAW, SCHEMA, SET_BY_JOB

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
            table, record = run_file.read(path)
            run_file.check_model(path, record, models)
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


DIFFERS = {
    "affinity", "clock_mhz", "cpuset", "git_commit", "host", "load_average",
    "memory_available_bytes", "memory_bytes", "memory_limit_bytes", "uptime_s",
    *[f"variable_{name}" for name in SET_BY_JOB],
}  # fmt: skip
"""What may differ between the nodes of a class: their names, and what may differ between two jobs
on one machine (`environment.VARIES`). Processor, kernel, versions and settings may not."""
MOST_NAMED = 3


Kinds = dict[str, dict[str, list[str]]]
"""The files of the runs by node, by kind of node: what is stable in its environment, as JSON."""


def refuse_mixed(visits: pa.Table, name: str, results: Path) -> None:
    """Raise StudyError when the nodes of the class `name` are of several kinds.

    `visits` has cell, round, sentinel and environment. The message names the nodes, what they
    differ in, and the runs (under `results`) on the nodes that are in the minority.
    """
    kinds = _kinds(visits, results)
    if len(kinds) < 2:
        return
    most, *odd = sorted(kinds, key=lambda kind: -sum(map(len, kinds[kind].values())))
    runs = [path for kind in odd for paths in kinds[kind].values() for path in paths]
    nodes = sorted({node for kind in odd for node in kinds[kind]})
    more = f" and {len(runs) - MOST_NAMED} more" if len(runs) > MOST_NAMED else ""
    differences = "\n".join(f"  {line}" for line in _differences(kinds, [most, *odd]))
    raise StudyError(
        f"the nodes of the class {name} (node_class) are not of one kind, so their timings are "
        f"not pooled:\n{differences}\n"
        f"Delete the runs on {', '.join(nodes)} ({', '.join(runs[:MOST_NAMED])}{more}), let the "
        "profile name one kind of node (constraint or slurm_partition of measure), and type the "
        "same command again; or set node_class: null, and each node is a machine of its own"
    )


def _kinds(visits: pa.Table, results: Path) -> Kinds:
    keys = visits.select(["cell", "round", "sentinel", "environment"]).to_pandas()
    kinds: Kinds = defaultdict(lambda: defaultdict(list))
    for run in keys.drop_duplicates(["cell", "round", "sentinel"]).to_dict("records"):
        environment = json.loads(run["environment"])
        stable = {key: value for key, value in environment.items() if key not in DIFFERS}
        walk = "sentinels" if run["sentinel"] else "runs"
        path = str(results / walk / run["cell"] / f"round{run['round']}.parquet")
        kind = json.dumps(stable, sort_keys=True)
        kinds[kind][environment.get("host", "unknown")].append(path)
    return kinds


def _differences(kinds: Kinds, order: list[str]) -> list[str]:
    """A line each key that differs: its values, and the nodes that have them."""
    records = {kind: json.loads(kind) for kind in order}
    lines = []
    for key in sorted({key for record in records.values() for key in record}):
        nodes: dict[str, set[str]] = defaultdict(set)
        for kind, record in records.items():
            nodes[record.get(key, "unknown")] |= set(kinds[kind])
        if len(nodes) > 1:
            said = [f"{value} on {', '.join(sorted(names))}" for value, names in nodes.items()]
            lines.append(f"{key}: {'; '.join(said)}")
    return sorted(lines, key=lambda line: not line.startswith("cpu_model"))


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


def merge(
    runs: list[str], facts: list[str], floor: str, trained: dict[str, str], evaluation: dict,
    coverage: float, node_class: str | None, merged: str, cells: str, paper_tables: list[str],
    threads: int = 1,
) -> None:  # fmt: skip
    """Write all runs, the cells, and the paper's CSV tables.

    `facts` are the facts.json of all trained models, `trained` maps a cell to its trained model; a
    paper table is named after its model. With a `node_class` all hosts count as one machine, and
    the `host` of a cell is the node whose floor and roofs were measured. Raises StudyError that
    names every damaged run, every run of another model than the study's, or nodes that are no
    class.
    """
    known = {Path(path).parent.name: read_facts(path) for path in facts}
    by_cell = {cell: known[name] for cell, name in trained.items()}
    models = {cell: about["saved_model_sha256"] for cell, about in by_cell.items()}
    table = merge_runs(runs, [], merged, threads, node_class, models)
    own = table.drop_columns(["environment"]).to_pandas()
    floor_s = pd.read_parquet(floor)
    if node_class:
        own["host"] = floor_s["host"].iloc[0]
    rows = cells_table(own, merged, by_cell, floor_s, evaluation, coverage)
    write_parquet(cells, typed("cells", rows, CELLS))
    for path in paper_tables:
        write_csv(path, paper_table(rows, Path(path).stem))
