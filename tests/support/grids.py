"""Cells of a grid whose times follow a given law, and the paper's tables."""

import os
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from paths import ROOT

from tfscale.analysis.material import paper_cells
from tfscale.axes import cell_name, defaults
from tfscale.study.work import work_columns

PAPER = ("mnist-acer", "mnist-macbook", "text-acer", "text-macbook")


def grid(
    time=lambda cell: cell["layers"] ** 2.0, layers=(4, 6, 8, 10), batches=(1, 4, 16, 64),
    convs=(3, 5, 8), model="mnist", machine="h", noise=0.02, seed=0,
) -> pd.DataFrame:  # fmt: skip
    """One row a cell; pass_mean_s follows `time` (of a cell's axes) with lognormal noise."""
    rng = np.random.default_rng(seed)
    size = {"mnist": 28, "text": 56}[model]
    rows = []
    for depth, conv, batch in product(layers, convs, batches):
        axes = defaults() | {"model": model, "layers": depth, "batch_size": batch,
                             "conv_size": conv, "input_size": size}  # fmt: skip
        pass_s = time(axes) * np.exp(rng.normal(0, noise))
        rows.append(
            {"cell": cell_name(axes), "machine": machine, "called_batch": batch}
            | axes
            | work_columns(axes, 1000)
            | {"pass_mean_s": pass_s, "latency_s": pass_s * batch / 2000}
        )
    return pd.DataFrame(rows)


def nominal(cells: pd.DataFrame) -> pd.DataFrame:
    """The same cells as if their batch size had never reached the model."""
    return cells.assign(called_batch=32, latency_s=cells["pass_mean_s"] / 63)


def visits_of(cells: pd.DataFrame, noise=0.02, rounds=2, each=3, slope=0.0, seed=1) -> pd.DataFrame:
    """Visits in the order of time; `noise` may be a function of a cell, `slope` is a visit's."""
    rng = np.random.default_rng(seed)
    rows = []
    for number in range(1, rounds + 1):
        for cell in cells.sample(frac=1, random_state=number).to_dict("records"):
            for visit in range(each):
                size = noise(cell) if callable(noise) else noise
                off = np.exp(rng.normal(0, size) + slope * len(rows))
                rows.append(
                    {"cell": cell["cell"], "machine": cell["machine"], "round": number,
                     "visit": visit + 1, "sentinel": False, "disturbed": False,
                     "started": pd.Timestamp("2026-01-01") + pd.Timedelta(seconds=len(rows)),
                     "p50_s": cell["latency_s"] * off}
                )  # fmt: skip
    return pd.DataFrame(rows)


def paper_table(name: str) -> pd.DataFrame:
    """A table of the paper (`mnist-acer`); skips where the folder is not."""
    folder = Path(os.environ.get("TFSCALE_PAPER", ROOT.parent / "shared" / "paper"))
    if not folder.is_dir():
        pytest.skip(f"no folder {folder} with the paper's tables (set TFSCALE_PAPER)")
    model, host = name.split("-")
    return paper_cells(str(folder / f"{name}.csv"), model, host)


def paper_tables() -> pd.DataFrame:
    """All four."""
    return pd.concat([paper_table(name) for name in PAPER], ignore_index=True)
