"""All run files into one table, batch by batch; what was disturbed; one kind of node."""

import json
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO, TypeVar

import pandas as pd
import pyarrow as pa

from tfscale.axes import COMPARED, cell_name, model_axes
from tfscale.errors import StudyError
from tfscale.files.columns import typed
from tfscale.files.parquet import sealed_parquet, write_csv, write_parquet
from tfscale.models.saved import read_facts
from tfscale.tables.cells import CELLS, RUN, RUNS, cells_table, paper_table
from tfscale.tables.latency import REFUSED, latencies
from tfscale.timing import run_file
from tfscale.timing.calm import reference
from tfscale.timing.protocol import VARIES, disturbance
from tfscale.timing.run_file import DESCRIBED, RAW

RAW_SCHEMA = pa.schema([(name, DESCRIBED[name][0]) for name in RAW])
FILES = 256
"""Files of a batch: some ten MB of raw durations."""
_RECORDED = ("environment_id", "environment_record", "warnings", "cpu_model")

Task = TypeVar("Task")
Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Batch:
    """The processes of some files with what their records say, their raw durations, what is wrong
    with the files that could not be read, and why cells were refused by their runtime."""

    processes: pa.Table
    raw: pa.Table
    faults: list[str]
    refused: dict[str, str]


def gather(
    paths: Sequence[str], aside: BinaryIO, threads: int, models: Mapping[str, str]
) -> tuple[pa.Table, dict[str, str]]:
    """The processes of all runs in the order of the paths, with their records, and why by cell
    there are none of a cell that its runtime refused.

    Their raw durations are written to `aside` (Arrow IPC, in the same order). At no time are more
    than `threads` + 1 batches of raw durations in memory. Raises StudyError that names every
    damaged file, and every run of another SavedModel than `models` names for its cell (by digest);
    or the reason where every cell was refused.
    """
    refused: dict[str, str] = {}
    batches = [paths[start : start + FILES] for start in range(0, len(paths), FILES)]
    processes, faults = [], []
    options = pa.ipc.IpcWriteOptions(compression="lz4")
    with pa.ipc.new_file(pa.PythonFile(aside, "w"), RAW_SCHEMA, options=options) as writer:
        for batch in in_order(partial(read_batch, models), batches, threads):
            faults += batch.faults
            refused |= batch.refused
            if not faults:
                processes.append(batch.processes)
                writer.write_table(batch.raw)
    if faults:
        raise StudyError("\n".join(faults))
    table = pa.concat_tables(processes).unify_dictionaries().combine_chunks()
    if not len(table):
        raise StudyError(f"no cell could be timed: {'; '.join(dict.fromkeys(refused.values()))}")
    return table, refused


def read_batch(models: Mapping[str, str], paths: Sequence[str]) -> Batch:
    """Read and check some files; `models` are the digests of the cells' SavedModels."""
    tables, records, faults = [RUN.schema.empty_table()], [], []
    refused = {}
    for path in paths:
        try:
            table, record = run_file.read(path)
            run_file.check_model(path, record, models)
        except StudyError as error:
            faults.append(str(error))
        else:
            tables.append(table)
            if "refused" in record:
                refused[record["cell"]] = record["refused"]
            records += [record] * len(table)
    whole = pa.concat_tables(tables, promote_options="permissive").combine_chunks()
    processes = whole.drop_columns(RAW)
    for name, column in _recorded(records).items():
        processes = processes.append_column(name, column)
    return Batch(processes, whole.select(RAW).cast(RAW_SCHEMA), faults, refused)


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


def _recorded(records: list[dict]) -> dict[str, pa.Array]:
    """What the record of each process's file says, as columns."""
    rows = [
        record
        | {
            "environment_record": json.dumps(record["environment"]),
            "warnings": "\n".join(record["warnings"]),
            "cpu_model": record["environment"].get("cpu_model", "unknown"),
        }
        for record in records
    ]
    return {
        name: pa.array([row[name] for row in rows], pa.string()).dictionary_encode()
        for name in _RECORDED
    }


DIFFERS = {"host"} | VARIES
"""What may differ between the nodes of a class: their names, and what may differ between two jobs
on one machine. Processor, kernel, versions and settings may not."""
MOST_NAMED = 3


Kinds = dict[str, dict[str, list[str]]]
"""The files of the runs by node, by kind of node: what is stable in its environment, as JSON."""


def refuse_mixed(processes: pa.Table, name: str, results: Path) -> None:
    """Raise StudyError when the nodes of the class `name` are of several kinds.

    `processes` has cell, round and environment_record, of one runtime and environment. The message
    names the nodes, what they differ in, and the runs (under `results`) on the nodes that are in
    the minority.
    """
    kinds = _kinds(processes, results)
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


def _kinds(processes: pa.Table, results: Path) -> Kinds:
    keys = processes.select(["cell", "round", "environment_record"]).to_pandas()
    kinds: Kinds = defaultdict(lambda: defaultdict(list))
    for run in keys.drop_duplicates(["cell", "round"]).to_dict("records"):
        environment = json.loads(run["environment_record"])
        stable = {key: value for key, value in environment.items() if key not in DIFFERS}
        path = str(results / "runs" / run["cell"] / f"round{run['round']}.parquet")
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
            values = [f"{value} on {', '.join(sorted(names))}" for value, names in nodes.items()]
            lines.append(f"{key}: {'; '.join(values)}")
    return sorted(lines, key=lambda line: not line.startswith("cpu_model"))


JUDGED = [
    "host",
    "device",
    "threads",
    "cpu_share",
    "steal_share",
    "calibration_before_s",
    "calibration_after_s",
]


def merge_runs(
    paths: Sequence[str],
    target: str,
    threads: int = 1,
    node_class: str | None = None,
    models: Mapping[str, str] | None = None,
    notes: Mapping[str, str] | None = None,
) -> pa.Table:
    """Write the rows of all runs to `target`, with `notes` and what was refused; returns the rows
    without raw durations.

    `environment_id` tells environments apart whose rows must not be pooled. `order_index` counts
    the runs of a round in the order in which they really started. Whether a process was disturbed
    is judged again, against the calibrations of the whole study on its host. With a `node_class`
    all hosts count as that one machine, and its calibrations judge all processes. Raises
    StudyError that names every damaged file, every one that timed another SavedModel than `models`
    names for its cell (by digest), or nodes that are no class.
    """
    folder = Path(target).parent
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryFile(dir=folder) as aside:
        processes, refused = gather(paths, aside, threads, models or {})
        if node_class:
            for _, rows in processes.select(COMPARED).to_pandas().groupby(COMPARED):
                refuse_mixed(processes.take(rows.index.to_numpy()), node_class, folder)
        processes = judged(processes, node_class)
        told = {REFUSED: json.dumps(refused)} if refused else {}
        _write(target, processes, aside, {**(notes or {}), **told})
    return processes


def judged(processes: pa.Table, node_class: str | None = None) -> pa.Table:
    """The processes with what only the whole study can say of each."""
    table = processes.select(JUDGED).to_pandas()
    if node_class:  # a node that is slower than the others is seen as disturbed
        table["host"] = node_class
    found = signs(table)
    machines = pa.array(_machines(processes, node_class), pa.string())
    processes = _set(processes, "disturbed_reason", pa.array(found, pa.string()))
    processes = _set(processes, "disturbed", pa.array(list(map(bool, found)), pa.bool_()))
    processes = processes.append_column("machine", machines)
    return processes.append_column("order_index", pa.array(_order_index(processes), pa.int32()))


def _write(target: str, processes: pa.Table, aside: BinaryIO, notes: Mapping[str, str]) -> None:
    """The processes with the raw durations that lie aside in the same order."""
    aside.seek(0)
    start = 0
    with (
        pa.ipc.open_file(pa.PythonFile(aside, "r")) as raws,
        sealed_parquet(target, RUNS.schema, notes) as writer,
    ):
        for number in range(raws.num_record_batches):
            raw = raws.get_batch(number)
            rows = processes.slice(start, raw.num_rows)
            start += raw.num_rows
            columns = {name: (raw if name in RAW else rows)[name] for name in RUNS.names}
            writer.write_table(typed("runs", pa.table(columns), RUNS))


def signs(table: pd.DataFrame) -> list[str]:
    """The signs of disturbance of every process (columns `JUDGED`) against the undisturbed
    calibration of its host."""
    both = table[["calibration_before_s", "calibration_after_s"]]
    calm_s = {
        host: reference(both.loc[rows].to_numpy().ravel())
        for host, rows in table.groupby("host").groups.items()
    }
    return [disturbance(row, calm_s[row["host"]]) for row in table.to_dict("records")]


def _machines(processes: pa.Table, node_class: str | None) -> pd.Series:
    """The class of nodes; else the host, and its environment too where the study saw several of
    one runtime and `environment`."""
    if node_class:
        return pd.Series([node_class] * len(processes))
    table = processes.select(["host", *COMPARED, "environment_id"]).to_pandas().astype(str)
    several = table.groupby(["host", *COMPARED])["environment_id"].transform("nunique")
    environments = several.groupby(table["host"]).transform("max")
    return table["host"].where(environments == 1, table["host"] + " " + table["environment_id"])


def _set(table: pa.Table, name: str, column: pa.Array) -> pa.Table:
    place = table.schema.get_field_index(name)
    return table.set_column(place, table.schema.field(name), column)


def _order_index(processes: pa.Table) -> pd.Series:
    keys = processes.select(["cell", "round", "started"]).to_pandas()
    start = keys.groupby(["cell", "round"])["started"].transform("min")
    return start.groupby(keys["round"]).rank(method="dense").astype(int)


def merge(inputs: dict, outputs: dict, settings: dict, threads: int = 1) -> None:
    """Write all runs, the cells, and the paper's CSV tables.

    Of the `inputs`, `facts` are the facts.json of all models; of the `settings`, `trained` maps a
    cell to its model, `evaluation` holds inputs and passes, `families` what is told of them. A
    paper table is named after its family. With a `node_class` all hosts count as one machine, and
    the `host` of a cell is the node whose floor and roofs were measured. Raises StudyError that
    names every damaged run, every run of another model than the study's, or nodes that are no
    class.
    """
    merged, node_class = outputs["merged"], settings["node_class"]
    known = {Path(path).parent.name: read_facts(path) for path in inputs["facts"]}
    by_cell = {cell: known[name] for cell, name in settings["trained"].items()}
    models = {cell: about["saved_model_sha256"] for cell, about in by_cell.items()}
    notes = {
        "tfscale_families": json.dumps(settings["families"]),
        "tfscale_work": json.dumps(
            {_architecture(about): about["work"] for about in known.values()}
        ),
    }
    table = merge_runs(inputs["runs"], merged, threads, node_class, models, notes)
    timed = latencies(
        table.drop_columns(["environment_record"]).to_pandas(), merged, settings["coverage"]
    )
    floor_s = pd.read_parquet(inputs["floor"])
    if node_class:
        timed["host"] = floor_s["host"].iloc[0]
    rows = cells_table(timed, by_cell, floor_s, settings["evaluation"])
    write_parquet(outputs["cells"], typed("cells", rows, CELLS))
    for path in outputs["paper_tables"]:
        write_csv(path, paper_table(rows, Path(path).stem))


def _architecture(facts: dict) -> str:
    shaping = ("model", *model_axes(facts["model"]), "precision")
    return cell_name({axis: facts[axis] for axis in shaping})
