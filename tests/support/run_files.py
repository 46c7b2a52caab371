"""The files of runs and models without any timing, for the tests of what reads them."""

import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd

from tfscale.axes import FAMILIES, cell_name, defaults
from tfscale.models.saved import inputs_digest
from tfscale.study.grid import architecture
from tfscale.study.kinds import WORK
from tfscale.tables.merge import merge
from tfscale.timing import run_file

AXES = defaults("mnist") | {
    "model": "mnist",
    "layers": 4,
    "batch_size": 1,
    "conv_size": 3,
    "input_size": 28,
}
AGAIN = r"delete .* and type the same command again"
RECORD = {"warnings": [], "environment": {"version_tensorflow": "1"}}
FIXED = {
    "seed": 1,
    "process": 1,
    "isolation": "fork",
    "protocol": "short",
    "device": "CPU",
    "process_s": 1.0,
    "load_s": 0.2,
    "first_call_s": 9e-6,
    "warmup_calls": 1,
    "unfetched_s": None,
    "copy_s": 5e-7,
    "cpu_share": 0.99,
    "disturbed": False,
    "disturbed_reason": "",
    "affinity": [0],
    "load_average": 0.1,
    "context_switches_voluntary": 1,
    "context_switches_involuntary": 2,
    "os_threads": 3,
    "memory_first_bytes": 1,
    "memory_warmup_bytes": 1,
    "memory_timed_bytes": 1,
}


def a_run(
    folder,
    number=1,
    started=0,
    calibration_s=0.02,
    host="h",
    environment=None,
    calls_ns=None,
    made="",
    **axes,
) -> str:
    """The path of a new run of one process, in its place under the folder; a `model` of another
    family has its defaults and the axes given."""
    cell = cell_of(**axes)
    name = cell_name(cell)
    timed = np.array(calls_ns or [1_000, 2_000, 3_000])
    quantiles = np.quantile(timed, [0.05, 0.5, 0.9, 0.99]) / 1e9
    row = {"cell": name, **cell, **FIXED} | {
        "round": number,
        "host": host,
        "started": datetime.fromtimestamp(started, UTC),
        "calls": len(timed),
        "latency_s": timed.min() / 1e9,
        **dict(zip(("p05_s", "p50_s", "p90_s", "p99_s"), quantiles.tolist(), strict=True)),
        "mean_s": timed.mean() / 1e9,
        "timed_s": timed.sum() / 1e9,
        "calibration_before_s": calibration_s,
        "calibration_after_s": calibration_s,
        "phase": ["first", "warmup", *["timed"] * len(timed), "copy"],
        "durations_ns": [9_000, 5_000, *timed.tolist(), 500],
    }
    record = RECORD | {
        "environment": RECORD["environment"] | {"host": host} | (environment or {}),
        "environment_id": str(environment),
        "saved_model_sha256": digest_of(cell),
        "cell": name,
        "round": number,
        "made": made,
    }
    path = str(Path(folder, "runs", name, f"round{number}.parquet"))
    run_file.write(path, [row], record)
    return path


def cell_of(**axes) -> dict:
    """A cell with these axes, and with those of AXES or its family's defaults."""
    own = axes.get("model", AXES["model"]) == AXES["model"]
    return (AXES if own else defaults(axes["model"]) | {"batch_size": 1}) | axes


def digest_of(cell: dict) -> str:
    """What stands for the digest of the SavedModel that a cell's runs timed."""
    return f"of {cell_name(architecture(cell))}"


def facts_of(digest: str, flop: int, **known) -> dict:
    """What is known of a trained model that takes inputs of this digest."""
    return {
        "data": "builtin",
        "parameters": 1,
        "training_examples": 1,
        "training_steps": 1,
        "test_accuracy": 0.5,
        "inputs": {"of": digest},
        "work": dict.fromkeys(WORK, 1) | {"flop_per_example": flop},
    } | known


def floors(*rows: tuple[str, int, float], host="h") -> pd.DataFrame:
    """The floor (s) of models that take inputs of a digest, at a batch size."""
    return pd.DataFrame(
        {
            "host": host,
            "inputs": inputs_digest({"of": digest}),
            "batch_size": batch_size,
            "threads": 1,
            "floor_s": floor_s,
        }
        for digest, batch_size, floor_s in rows
    )


UNTRAINED = {"data": "none", "test_accuracy": None, "training_examples": 0, "training_steps": 0}


def merged_cells(
    folder: Path, runs: list[str], cells: list[dict], families: dict, node_class=None, host="h"
) -> pd.DataFrame:
    """The cells that the rule `merge` makes of these runs into runs.parquet: their models have 100,
    101 and more FLOP, their floors, measured on that host, are 0, 1 and more µs."""
    facts, trained = [], {}
    for cell in cells:
        shape = architecture(cell) | {"precision": cell["precision"]}
        path = folder / "models" / cell_name(shape) / "facts.json"
        trained[cell_name(cell)] = path.parent.name
        if not path.exists():
            path.parent.mkdir(parents=True)
            known = facts_of(digest_of(cell), 100 + len(facts), saved_model_sha256=digest_of(cell))
            known |= {} if FAMILIES[cell["model"]].trained else UNTRAINED
            path.write_text(json.dumps(shape | known))
            facts.append(str(path))
    measured = [(digest_of(cell), cell["batch_size"], 1e-6 * n) for n, cell in enumerate(cells)]
    floors(*measured, host=host).to_parquet(folder / "floor.parquet")
    written = {"merged": str(folder / "runs.parquet"), "cells": str(folder / "cells.parquet")}
    merge(
        {"runs": runs, "facts": facts, "floor": str(folder / "floor.parquet")},
        written | {"paper_tables": []},
        {"families": families, "trained": trained, "evaluation": {"inputs": 64, "passes": 2}}
        | {"coverage": 0.9, "node_class": node_class},
    )
    return pd.read_parquet(written["cells"])
