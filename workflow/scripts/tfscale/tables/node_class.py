"""A class of nodes: equal machines of a cluster, whose timings count as those of one machine."""

import json
from collections import defaultdict
from pathlib import Path

import pyarrow as pa

from tfscale.errors import StudyError
from tfscale.timing.variables import SET_BY_JOB

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
