"""Extra-P 4.2.5 (PyPI `extrap`), the best public tool, on the folds that ours is tested on."""

import json
import os
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd

from bench import ROOT
from bench.outcome import SkippedError
from tfscale.analysis.held_out import SHAPES, Fold

VERSION = "4.2.5"
MOST_PARAMETERS = 4
HOW = (
    "Extra-P is in no environment: type `python3 -m venv .bench-extrap && "
    f".bench-extrap/bin/pip install extrap=={VERSION}`, or set TFSCALE_EXTRAP to a Python with it"
)  # fmt: skip


def interpreter() -> Path:
    """The Python of Extra-P's own environment; raises SkippedError that says how to make it."""
    found = Path(os.environ.get("TFSCALE_EXTRAP", ROOT / ".bench-extrap" / "bin" / "python"))
    if not found.exists():
        raise SkippedError(HOW)
    return found


def extrap(cells: pd.DataFrame, parts: list[Fold]) -> pd.DataFrame:
    """One row a cell left out, as `held_out.left_out`; NaN where Extra-P has no answer."""
    names = [name for name in SHAPES if cells[name].nunique() > 1][:MOST_PARAMETERS]
    points, values = cells[names].astype(float), cells["latency_s"].astype(float)
    tasks = []
    for fold in parts:
        kept = np.delete(np.arange(len(cells)), fold.out)
        tasks.append(
            {
                "points": points.iloc[kept].to_numpy().tolist(),
                "values": values.iloc[kept].tolist(),
                "ask": points.iloc[fold.out].to_numpy().tolist(),
            }
        )
    answers = json.loads(_asked(json.dumps(tasks)))
    if all(value is None for answer in answers for value in answer):
        raise SkippedError(f"Extra-P answered nothing; {HOW}")
    rows = [
        pd.DataFrame(
            {
                "position": fold.out,
                "fold": fold.what,
                "predicted_s": np.array(answer, dtype=float),
                "measured_s": values.iloc[fold.out].to_numpy(),
            }
        )
        for fold, answer in zip(parts, answers, strict=True)
    ]
    return pd.concat(rows, ignore_index=True)


def _asked(tasks: str) -> str:
    worker = Path(__file__).with_name("extrap_worker.py")
    command = [str(interpreter()), "-I", str(worker)]  # without this folder: it has an extrap.py
    done = subprocess.run(command, input=tasks, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SkippedError(f"Extra-P failed: {done.stderr.strip().splitlines()[-1:]}; {HOW}")
    return done.stdout
