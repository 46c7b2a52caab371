"""Run files of a made-up study, written by the pipeline's own writer with all its columns."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from zlib import crc32

import numpy as np

from bench.wide import VISITS, WideStudy
from tfscale.study.architecture import layers_of
from tfscale.study.work import flop_per_example
from tfscale.timing import machine, run_file
from tfscale.timing.machine import identity
from tfscale.timing.protocol import disturbance
from tfscale.timing.visit import derived

HOST = "generated"
FLOP_PER_S, OVERHEAD_S = 5e12, 2e-4
NOISE, CALL_NOISE, DISTURBED = 0.03, 0.05, 0.05
CALLS = (256, 1024)
"""Timed calls of a visit: about as many as real studies have."""
CALIBRATION_S, COPY_S = 0.0186, 0.0055
STARTED = datetime(2026, 1, 1, tzinfo=UTC)
RUN = tuple[str, str, dict, int, int]
"""Path, cell, axes, number of the round, and place in time."""


def write_runs(wide: WideStudy, processes: int) -> None:
    """Write every run and sentinel of the study."""
    found = all_runs(wide)
    with get_context("spawn").Pool(processes) as pool:
        pool.map(write_some, [found[start::processes] for start in range(processes)])


def all_runs(wide: WideStudy) -> list[RUN]:
    """Every run and sentinel, round by round: a run builds on the file of the one before."""
    study, found = wide.study, []
    for walk in ("runs", "sentinels"):
        for path in wide.paths(study.run_files(walk, "<results>")):
            cell, number = Path(path).parent.name, int(Path(path).stem.removeprefix("round"))
            place = -study.schedule.priority(walk, cell, number)
            found.append((path, cell, study.cell(cell), number, place))
    return sorted(found, key=lambda run: run[3])


def write_some(some: Iterable[RUN]) -> None:
    """Write some runs."""
    here = record()
    for path, cell, axes, number, place in some:
        run_file.write(path, rows_of(cell, axes, number, place), here)


def latency_s(axes: dict) -> float:
    """The true seconds a call: overhead and work, of a machine that only has to be plausible."""
    work = axes["batch_size"] * flop_per_example(layers_of(axes))
    return OVERHEAD_S + work / FLOP_PER_S


def rows_of(cell: str, axes: dict, number: int, place: int) -> list[dict]:
    """The visits of a run; the same for the same cell, round and place."""
    rng = np.random.default_rng([crc32(cell.encode()), number])
    run = {"cell": cell, "seed": 17, "round": number} | axes
    return [run | {"visit": visit} | _visit(axes, place, rng) for visit in range(1, VISITS + 1)]


@cache
def record() -> dict:
    """What a run records of the machine: this one's, under another name."""
    seen = machine.system() | machine.processor() | machine.state()
    seen |= {"host": HOST, "git_commit": "generated"}
    seen |= {f"version_{name}": "0" for name in ("tensorflow", "keras", "numpy", "python")}
    return {
        "stop_reason": "precision reached",
        "environment": seen,
        "environment_id": identity(seen),
        "warnings": ["generated, not measured"],
    }


def _visit(axes: dict, place: int, rng: np.random.Generator) -> dict:
    true_s = latency_s(axes)
    phases, unit = _calls(int(np.clip(2 ** round(np.log2(0.25 / true_s)), *CALLS)))
    typical_ns = 1e9 * true_s * np.exp(rng.normal(0, NOISE))
    durations = np.rint(unit[rng.integers(len(unit))] * typical_ns).astype(np.int64)
    slower = 1.2 if rng.random() < DISTURBED else 1 + 0.01 * rng.random()
    visit = {
        "isolation": "fork", "protocol": "visits", "host": HOST, "device": "CPU",
        "started": STARTED + timedelta(seconds=10 * place + rng.random()),
        "visit_s": 1.2 + durations.sum() / 1e9, "waited_s": 0.0, "load_s": 0.3, "settled": True,
        "slices": 5, "slices_left_out": 0, "calibrations_s": [CALIBRATION_S] * 10,
        "cpu_share": 0.999, "calibration_before_s": CALIBRATION_S * slower,
        "calibration_after_s": CALIBRATION_S, "memory_copy_before_s": COPY_S,
        "memory_copy_after_s": COPY_S, "affinity": [0], "load_average": 1.0,
        "steal_share": 0.0, "other_busy_share": 0.01, "context_switches_voluntary": 10,
        "context_switches_involuntary": 3, "os_threads": 7, "memory_load_bytes": 3 * 10**8,
        "memory_first_bytes": 31 * 10**7, "memory_warmup_bytes": 32 * 10**7,
        "memory_timed_bytes": 33 * 10**7, "memory_device_bytes": None,
        "phases": phases, "durations_ns": durations,
    }  # fmt: skip
    signs = disturbance(axes | visit, CALIBRATION_S)
    return visit | derived(visit) | {"disturbed": bool(signs), "disturbed_reason": signs}


@cache
def _calls(timed: int) -> tuple[list[str], np.ndarray]:
    """The phases of a visit with so many timed calls, and some sets of durations of calls that
    typically take 1."""
    counts = {"first": 1, "warmup": 30, "timed": timed, "unfetched": 20, "copy": 20}
    slower = {"first": 40.0, "warmup": 1.1, "timed": 1.0, "unfetched": 0.95, "copy": 0.1}
    phases = [phase for phase, count in counts.items() for _ in range(count)]
    factors = np.repeat(list(slower.values()), list(counts.values()))
    noise = np.random.default_rng(timed).lognormal(0, CALL_NOISE, (50, len(factors)))
    return phases, factors * noise
