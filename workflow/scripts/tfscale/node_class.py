"""A class of nodes: equal machines of a cluster, whose timings count as those of one machine."""

import json
from collections import defaultdict

from tfscale.errors import StudyError
from tfscale.variables import SET_BY_JOB

DIFFERS = {
    "affinity", "clock_mhz", "cpuset", "git_commit", "host", "load_average",
    "memory_available_bytes", "memory_bytes", "memory_limit_bytes", "uptime_s",
    *[f"variable_{name}" for name in SET_BY_JOB],
}  # fmt: skip
"""What may differ between the nodes of a class: their names, and what may differ between two jobs
on one machine (`environment.VARIES`). Processor, kernel, versions and settings may not."""
MOST_NAMED = 3


class Nodes:
    """The nodes on which a study was timed, by kind."""

    def __init__(self, name: str):
        """`name` is the configuration's `node_class`."""
        self.name = name
        self._kinds: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))

    def see(self, path: str, environment: dict[str, str]) -> None:
        """Take in the environment of the run in the file `path`."""
        stable = {key: value for key, value in environment.items() if key not in DIFFERS}
        kind = json.dumps(stable, sort_keys=True)
        self._kinds[kind][environment.get("host", "unknown")].append(path)

    def refuse_mixed(self) -> None:
        """Raise StudyError when the nodes are of several kinds: it names them, what they differ
        in, and the runs on the nodes that are in the minority."""
        if len(self._kinds) < 2:
            return
        most, *odd = sorted(self._kinds, key=lambda kind: -_runs(self._kinds[kind]))
        runs = [path for kind in odd for paths in self._kinds[kind].values() for path in paths]
        nodes = sorted({node for kind in odd for node in self._kinds[kind]})
        more = f" and {len(runs) - MOST_NAMED} more" if len(runs) > MOST_NAMED else ""
        raise StudyError(
            f"the nodes of the class {self.name} (node_class) are not of one kind, so their "
            "timings are not pooled:\n"
            + "\n".join(f"  {line}" for line in self._differences([most, *odd]))
            + f"\nDelete the runs on {', '.join(nodes)} ({', '.join(runs[:MOST_NAMED])}{more}), "
            "let the profile name one kind of node (constraint or slurm_partition of measure), "
            "and type the same command again; or set node_class: null, and each node is a machine "
            "of its own"
        )

    def _differences(self, kinds: list[str]) -> list[str]:
        """A line each key that differs: its values, and the nodes that have them."""
        records = {kind: json.loads(kind) for kind in kinds}
        keys = sorted({key for record in records.values() for key in record})
        lines = []
        for key in keys:
            nodes = defaultdict(set)
            for kind, record in records.items():
                nodes[record.get(key, "unknown")] |= set(self._kinds[kind])
            if len(nodes) > 1:
                said = [f"{value} on {', '.join(sorted(names))}" for value, names in nodes.items()]
                lines.append(f"{key}: {'; '.join(said)}")
        return sorted(lines, key=lambda line: not line.startswith("cpu_model"))


def _runs(nodes: dict[str, list[str]]) -> int:
    return sum(len(paths) for paths in nodes.values())
