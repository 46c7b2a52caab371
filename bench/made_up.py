"""A made-up study of any size: its files, and its runs by the pipeline's own writer."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache, cached_property
from multiprocessing import get_context
from pathlib import Path
from zlib import crc32

import numpy as np
import pandas as pd
import yaml

from bench.projects import new_project
from bench.study import project_config
from tests.support.paper_work import stages, work_of
from tfscale.axes import adopt
from tfscale.data import encoded
from tfscale.files.parquet import write_parquet
from tfscale.files.whole import write_text
from tfscale.models.saved import inputs_digest
from tfscale.study import study as studies
from tfscale.timing import machine, run_file
from tfscale.timing.protocol import disturbance

LAYERS, CONVS, INPUTS = (4, 6, 8, 10), (3, 4, 5, 6, 8), (28, 40, 56, 80, 112)
ROUNDS, PROCESSES = 2, 3


@dataclass(frozen=True)
class WideStudy:
    """The folder of a project whose study is made up; nothing in it has run."""

    root: Path

    @property
    def results(self) -> Path:
        """Where its runs and tables lie."""
        return self.root / "results"

    @property
    def models(self) -> Path:
        """Where its trained models lie."""
        return self.results / "models"

    @cached_property
    def config(self) -> dict:
        """Its configuration."""
        return yaml.safe_load((self.root / "config.yaml").read_text())

    @cached_property
    def study(self) -> studies.Study:
        """The study as the rules see it."""
        return studies.Study.from_config(self.config)

    def work(self, name: str) -> Path:
        """The counted work of an architecture that is predicted."""
        return self.results / "work" / f"{name}.json"

    def data(self, name: str) -> Path:
        """Its encoded data of that name, without suffix."""
        return self.root / "resources" / "encoded" / name


def grid(cells: int) -> dict:
    """A grid of so many cells of mnist (a multiple of 100): layers, convolutions, from 1,000 cells
    on inputs, and as many batch sizes as it takes."""
    inputs = INPUTS if cells >= 1000 else INPUTS[:1]
    architectures = len(LAYERS) * len(CONVS) * len(inputs)
    if cells % architectures:
        raise ValueError(f"{cells} cells are no multiple of {architectures} architectures")
    return {
        "model": ["mnist"],
        "layers": list(LAYERS),
        "batch_size": list(range(1, cells // architectures + 1)),
        "conv_size": list(CONVS),
        "input_size": list(inputs),
    }


def new_study(cells: int) -> WideStudy:
    """The project with a study of so many cells, in a folder that goes away with this process."""
    config = project_config()
    config["grid"] = grid(cells)
    config["datasets"] = {"source": "builtin", "mirror": None}
    config["timing"] |= {"rounds": ROUNDS, "processes": PROCESSES}
    return WideStudy(new_project(config))


EXAMPLES, CLASSES = 100, 10
"""Test inputs of a made-up data set (as many as the report looks at), and their labels."""
HOST, CALIBRATION_S = "generated", 0.0093


def write_files(wide: WideStudy) -> None:
    """Write everything that the rules before timing make, in their order; the SavedModels are
    empty folders, and nothing was trained."""
    rng, study = np.random.default_rng(1), wide.study
    for name in sorted(set(study.encoded_models.values())):
        _write_data(wide.data(name), name, rng)
    for name, axes in study.trained.items():
        _write_model(wide.models / name, axes, rng)
    seen = {"host": HOST, "reference_s": CALIBRATION_S, "spread": 1.01, "slow_share": 0.0}
    write_text(wide.results / "machine.json", json.dumps(seen | {"warnings": []}))
    calls = pd.DataFrame(
        {"inputs": inputs_digest(_inputs(study.trained[name])), **call}
        for name, of_model in study.calls.items()
        for call in of_model
    )
    floor = calls.drop_duplicates().assign(host=HOST, floor_s=1e-4)
    write_parquet(wide.results / "floor.parquet", floor)
    peaks = {"host": HOST, "peak_gflop_per_s": 1e4, "peak_gbyte_per_s": 1e3}
    roofs = [peaks | {"threads": int(count)} for count in calls["threads"].unique()]
    write_parquet(wide.results / "roofs.parquet", pd.DataFrame(roofs))
    for name, axes in study.counted.items():
        write_text(wide.work(name), json.dumps(work_of(axes)))


def _write_data(path: Path, name: str, rng: np.random.Generator) -> None:
    size = int(name.rsplit("input", 1)[1])
    arrays: dict[str, np.ndarray] = {}
    for split in ("train", "validation", "test"):
        arrays[f"x_{split}"] = rng.integers(0, 256, (EXAMPLES, size, size), dtype=np.uint8)
        arrays[f"y_{split}"] = rng.integers(0, CLASSES, EXAMPLES)
    labels = [str(label) for label in range(CLASSES)]
    facts = {"input_size": size, "source": "builtin", "labels": labels, "vocabulary": 0}
    path.parent.mkdir(parents=True, exist_ok=True)
    encoded.save(f"{path}.npz", f"{path}.json", arrays, facts)


def _inputs(axes: dict) -> dict:
    size = axes["input_size"]
    return {"x": {"shape": [None, size, size, 1], "dtype": "float32"}}


def _write_model(folder: Path, axes: dict, rng: np.random.Generator) -> None:
    work = work_of(axes)
    (folder / "saved_model").mkdir(parents=True)
    write_text(folder / "structure.txt", "\n".join(map(str, stages(axes))))
    write_text(folder / "history.csv", "epoch,loss,accuracy\n1,1.0,0.9\n")
    labels = [str(label) for label in range(CLASSES)]
    probabilities = rng.dirichlet(np.full(len(labels), 0.2), EXAMPLES)
    actual, guessed = rng.integers(0, len(labels), EXAMPLES), probabilities.argmax(axis=1)
    answers = {
        "input": np.arange(EXAMPLES),
        "actual": [labels[label] for label in actual],
        "predicted": [labels[label] for label in guessed],
        "probability": probabilities.max(axis=1),
        "correct": actual == guessed,
    }
    write_parquet(folder / "predictions.parquet", pd.DataFrame(answers))
    facts = axes | {"data": "builtin", "parameters": work["weight_bytes"] // 4}  # float32
    facts |= {"work": work | {"layers": [], "not_counted": [], "counted_by": "hand"}}
    facts |= {"inputs": _inputs(axes)}
    facts |= {"training_examples": 10_000, "training_steps": 100, "test_accuracy": 0.9}
    facts |= {"predicted_inputs": EXAMPLES, "saved_model_sha256": DIGEST}
    write_text(folder / "facts.json", json.dumps(facts))


DIGEST = "0" * 64
FLOP_PER_S, OVERHEAD_S = 5e12, 2e-4
NOISE, CALL_NOISE, DISTURBED = 0.03, 0.05, 0.05
CALLS = (64, 1024)
"""Timed calls of a process: about as many as real studies have."""
STARTED = datetime(2026, 1, 1, tzinfo=UTC)
RUN = tuple[str, str, dict, int, int]
"""Path, cell, axes, number of the round, and place in time."""


def write_runs(wide: WideStudy, processes: int) -> None:
    """Write every run of the study, in so many processes."""
    found = all_runs(wide)
    with get_context("spawn").Pool(processes, adopt, (wide.study.about,)) as pool:
        pool.map(write_some, [found[start::processes] for start in range(processes)])


def all_runs(wide: WideStudy) -> list[RUN]:
    """Every run of the study."""
    found = []
    for path in wide.study.run_files(str(wide.results)):
        cell, number = Path(path).parent.name, int(Path(path).stem.removeprefix("round"))
        place = -wide.study.priority(cell, number)
        found.append((path, cell, wide.study.cell(cell), number, place))
    return found


def write_some(some: Iterable[RUN]) -> None:
    """Write some runs."""
    for path, cell, axes, number, place in some:
        place_of = {"cell": cell, "round": number, "saved_model_sha256": DIGEST}
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        run_file.write(path, rows_of(cell, axes, number, place), record() | place_of)


def latency_s(axes: dict) -> float:
    """The true seconds a call: overhead and work, of a machine that only has to be plausible."""
    return OVERHEAD_S + axes["batch_size"] * work_of(axes)["flop_per_example"] / FLOP_PER_S


def rows_of(cell: str, axes: dict, number: int, place: int) -> list[dict]:
    """The processes of a run; the same for the same cell, round and place."""
    rng = np.random.default_rng([crc32(cell.encode()), number])
    run = {"cell": cell, "seed": 17, "round": number} | axes
    return [
        run | {"process": process} | _process(axes, place, rng)
        for process in range(1, PROCESSES + 1)
    ]


@cache
def record() -> dict:
    """What a run records of the machine: this one's, under another name."""
    seen = machine.system() | machine.processor() | machine.state()
    seen |= {"host": HOST, "git_commit": "generated"}
    seen |= {f"version_{name}": "0" for name in ("tensorflow", "keras", "numpy", "python")}
    return {
        "environment": seen,
        "environment_id": machine.identity(seen),
        "warnings": ["generated, not measured"],
    }


def _process(axes: dict, place: int, rng: np.random.Generator) -> dict:
    true_s = latency_s(axes)
    phases, unit = _calls(int(np.clip(2 ** round(np.log2(0.25 / true_s)), *CALLS)))
    own_ns = 1e9 * true_s * np.exp(rng.normal(0, NOISE))
    durations = np.rint(unit[rng.integers(len(unit))] * own_ns).astype(np.int64)
    timed = durations[np.array(phases) == "timed"]
    low, middle, high, highest = np.quantile(timed / 1e9, (0.05, 0.5, 0.9, 0.99)).tolist()
    slower = 1.25 if rng.random() < DISTURBED else 1 + 0.01 * rng.random()
    calibrations_s = (CALIBRATION_S * slower, CALIBRATION_S)
    process = (
        {"isolation": "fork", "protocol": "short", "host": HOST, "device": "CPU"}
        | {"started": STARTED + timedelta(seconds=10 * place + rng.random())}
        | {"process_s": 0.4 + durations.sum() / 1e9, "load_s": 0.3}
        | {"first_call_s": durations[0] / 1e9, "warmup_calls": phases.count("warmup")}
        | {"settled": True, "calls": len(timed), "latency_s": own_ns / 1e9}
        | {"p05_s": low, "p50_s": middle, "p90_s": high, "p99_s": highest}
        | {"mean_s": timed.mean() / 1e9, "timed_s": timed.sum() / 1e9}
        | {"unfetched_s": 0.95 * middle, "copy_s": 0.1 * middle, "cpu_share": 0.999}
        | dict(zip(("calibration_before_s", "calibration_after_s"), calibrations_s, strict=True))
        | {"affinity": [0], "load_average": 1.0, "steal_share": 0.0, "other_busy_share": 0.01}
        | {"context_switches_voluntary": 10, "context_switches_involuntary": 3, "os_threads": 7}
        | {f"memory_{when}_bytes": 3 * 10**8 for when in ("load", "first", "warmup", "timed")}
        | {"memory_device_bytes": None, "phase": phases, "durations_ns": durations}
    )
    signs = disturbance(axes | process, CALIBRATION_S)
    return process | {"disturbed": bool(signs), "disturbed_reason": signs}


@cache
def _calls(timed: int) -> tuple[list[str], np.ndarray]:
    """The phases of a process with so many timed calls, and some sets of durations of calls that
    take at least 1."""
    counts = {"first": 1, "warmup": 30, "timed": timed, "unfetched": 10, "copy": 10}
    slower = {"first": 40.0, "warmup": 1.1, "timed": 1.0, "unfetched": 0.95, "copy": 0.1}
    phases = [phase for phase, count in counts.items() for _ in range(count)]
    factors = np.repeat(list(slower.values()), list(counts.values()))
    noise = np.random.default_rng(timed).normal(0, CALL_NOISE, (50, len(factors)))
    return phases, factors * (1 + abs(noise))
