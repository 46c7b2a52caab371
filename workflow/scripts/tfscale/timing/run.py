"""One run: a cell in one round, timed in fresh processes, one after the other."""

import tempfile
from pathlib import Path

from tfscale.errors import StudyError
from tfscale.jobs.processes import fresh
from tfscale.jobs.turn import timing_turn


def run(cell: str, round: int, inputs: dict, settings: dict, run_path: str) -> str:
    """Time a cell in one round and write the file of the run; returns what it found in a line.

    `inputs` names the files facts, model, told, predictions and arrays; `settings` holds
    axes, families, seed, protocol (see `config.protocol`), evaluation (inputs), passes,
    time_limit_s, made (see `checksums.made`) and environment (python: another interpreter). The
    last process writes the file, for it has all libraries. Raises StudyError that names the cell
    when a process fails.
    """
    protocol = settings["protocol"]
    arguments = {
        "cell": {"cell": cell, "round": round}
        | {name: settings[name] for name in ("seed", "axes", "families")},
        "files": inputs | {"output": run_path},
        "settings": {name: settings[name] for name in ("protocol", "evaluation", "passes")}
        | {"made": settings.get("made", "")},
    }
    found = ""
    with tempfile.TemporaryDirectory(prefix="tfscale-") as folder, timing_turn():
        rows = [str(Path(folder, f"{number}.json")) for number in range(protocol["processes"])]
        for number in range(len(rows)):
            try:
                found = fresh(
                    "tfscale.timing.record:time_process",
                    arguments | {"rows": rows[: number + 1], "last": number + 1 == len(rows)},
                    settings["time_limit_s"],
                    protocol["isolation"],
                    settings.get("environment", {}).get("python", ""),
                )
            except StudyError as error:
                raise StudyError(f"{cell}: a process {error}") from None
    return found
