"""Cells whose latency follows the work model with known costs."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from paths import ROOT

from tfscale.analysis.material import paper_cells
from tfscale.analysis.work_model import TERMS, design
from tfscale.axes import cell_name, defaults

COSTS = {
    "fixed": 2e-4,
    "conv_square_flop": 5e-12,
    "conv_full_span_flop": 1e-11,
    "pool_bytes": 3e-10,
}


def costs(**seconds: float) -> np.ndarray:
    """A cost for each term, 0 for those not given."""
    return np.array([seconds.get(name, 0.0) for name in TERMS])


def work_cells(
    layers=(4, 6, 8, 10), batches=(1, 4, 16, 64), convs=(3, 5, 8), noise=0.02, misfit=0.0, seed=0,
    model="mnist", true=COSTS, machine="h",
) -> pd.DataFrame:  # fmt: skip
    """A grid of cells; `noise` is each cell's own, `misfit` what a whole architecture shares."""
    rng = np.random.default_rng(seed)
    size = 28 if model == "mnist" else 56
    rows = [
        defaults() | {"model": model, "layers": depth, "batch_size": batch, "conv_size": conv,
                      "input_size": size}
        for depth in layers for conv in convs for batch in batches
    ]  # fmt: skip
    cells = pd.DataFrame(rows).assign(machine=machine)
    cells["called_batch"] = cells["batch_size"]
    cells.insert(0, "cell", [cell_name(row) for row in rows])
    shared = np.repeat(rng.normal(0, misfit, len(layers) * len(convs)), len(batches))
    off = np.exp(shared + rng.normal(0, noise, len(cells)))
    return cells.assign(latency_s=design(cells) @ costs(**true) * off)


def visits_of(cells: pd.DataFrame, rounds=2, each=3, noise=0.02, seed=1) -> pd.DataFrame:
    """Visits that scatter about each cell's latency."""
    rng = np.random.default_rng(seed)
    rows = [
        {"cell": cell["cell"], "machine": cell["machine"], "round": number, "visit": visit,
         "sentinel": False, "disturbed": False,
         "p50_s": cell["latency_s"] * np.exp(rng.normal(0, noise))}
        for number in range(1, rounds + 1)
        for cell in cells.to_dict("records")
        for visit in range(1, each + 1)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def paper(model: str, host: str) -> pd.DataFrame:
    """One of the paper's tables without its two faulty rows; skips where the tables are not."""
    folder = Path(os.environ.get("TFSCALE_PAPER", ROOT.parent / "shared" / "paper"))
    if not folder.is_dir():
        pytest.skip(f"no folder {folder} with the paper's tables (set TFSCALE_PAPER)")
    table = paper_cells(str(folder / f"{model}-{host}.csv"), model, f"{model}-{host}")
    faulty = (table["layers"] == 6) & (table["batch_size"] == 1) & table["conv_size"].isin([5, 8])
    return table[~(faulty & ((model, host) == ("text", "macbook")))].reset_index(drop=True)
