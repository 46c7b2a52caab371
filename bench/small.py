"""Small real studies on built-in data, for benches of whole jobs: their projects and their jobs."""

import json
from dataclasses import dataclass
from pathlib import Path

from bench.outcome import SkippedError
from bench.study import project_config
from bench.wide import new_project

GRID = {"model": ["mnist"], "layers": [4], "conv_size": [3], "input_size": [28]}
TIMING = {
    "rounds": 1, "further_rounds": 0, "visits": 1, "max_visits": 1, "sentinels": 0,
    "patience_s": 0, "min_time_s": 0.1,
}  # fmt: skip
RECORDS = Path(".snakemake", "metadata")


@dataclass(frozen=True)
class Done:
    """A finished job: its rule, its log (which names it), its start and end (s since the epoch)."""

    rule: str
    log: str
    start: float
    end: float

    @property
    def seconds(self) -> float:
        """From the start of the job to the end of its last output."""
        return self.end - self.start


def small_project(batch_sizes: list[int], training: dict) -> Path:
    """A project whose study has a cell and a trained model of its own for each batch size, with a
    visit each; `training` are changed keys of that section."""
    config = project_config()
    config["grid"] = GRID | {"batch_size": batch_sizes}
    config["datasets"] = {"source": "builtin", "mirror": None}
    config["evaluation"] |= {"inputs": max(64, *batch_sizes), "passes": 2}
    config["training"] |= {"batch_size": None, "epochs": 1} | training
    config["timing"] |= TIMING
    return new_project(config)


def done_jobs(root: Path, rule: str) -> list[Done]:
    """The jobs of a rule that Snakemake remembers of its last runs, one for each log."""
    found: dict[str, Done] = {}
    for path in (root / RECORDS).rglob("*"):
        if not path.is_file():
            continue
        record = json.loads(path.read_text())
        if record["rule"] == rule:
            log, start, end = record["log"][0], record["starttime"], record["endtime"]
            known = found.get(log, Done(rule, log, start, end))
            found[log] = Done(rule, log, min(start, known.start), max(end, known.end))
    if not found:
        raise SkippedError(f"Snakemake remembers no job of {rule} in {root}")
    return list(found.values())


def model_files(batch_sizes: list[int]) -> list[str]:
    """The facts of the trained models of a `small_project`, as targets."""
    return [f"results/models/{_name(size)}/facts.json" for size in batch_sizes]


def run_files(batch_sizes: list[int]) -> list[str]:
    """The runs of a `small_project`, as targets."""
    return [f"results/runs/{_name(size)}_threads1/round1.parquet" for size in batch_sizes]


def _name(batch_size: int) -> str:
    return f"mnist_layers4_batch{batch_size}_conv3_input28"
