"""Which physical sign goes with the spread that clean visits still have?"""

import numpy as np
import pandas as pd

from bench.options import Options
from bench.outcome import Outcome, SkippedError
from bench.text_table import text_table

TITLE = "Signs: rank correlation of clean visits (against their cell's median) with what was seen"
SIGNS = {"calibration": "calibration_{}_s", "copy of memory": "memory_copy_{}_s"}
CLASSES_S = [0, 0.003, 0.03, 0.3, 1, np.inf]
FEWEST = 3
"""Clean visits of a cell from which on its median says something of each."""


def bench(options: Options) -> list[Outcome]:
    """The table by length of a call, and the two correlations over all calls above 0.3 s."""
    visits = options.study.visits
    if "memory_copy_before_s" not in visits:
        raise SkippedError("this study is older than the copy of memory: time it again")
    clean = spread(visits)
    rows = []
    for length, group in clean.groupby(pd.cut(clean["p50_s"], CLASSES_S), observed=True):
        deviation = f"{100 * group['spread'].std():.1f} %"
        rows.append((f"{length.left} to {length.right} s", len(group), deviation, *_ranks(group)))
    print(text_table(["a call", "visits", "spread (sd)", *SIGNS], rows))
    slow = clean[clean["p50_s"] > CLASSES_S[3]]
    pairs = zip(SIGNS, _ranks(slow), strict=True)
    return [Outcome(f"calls over 0.3 s, rank correlation with {s}", f"{r:.2f}") for s, r in pairs]


def spread(visits: pd.DataFrame) -> pd.DataFrame:
    """The clean visits with their ln ratio to the cell's median, and the mean of each sign."""
    clean = visits[~visits["disturbed"].astype(bool) & ~visits["sentinel"].astype(bool)]
    by_cell = clean.groupby("cell")["p50_s"]
    clean = clean[by_cell.transform("size") >= FEWEST]
    middle = clean.groupby("cell")["p50_s"].transform("median")
    both = {
        sign: clean[[column.format("before"), column.format("after")]].mean(axis=1)
        for sign, column in SIGNS.items()
    }
    return clean.assign(spread=np.log(clean["p50_s"] / middle), **both)


def _ranks(group: pd.DataFrame) -> list[float]:
    return [float(group["spread"].corr(group[sign], method="spearman")) for sign in SIGNS]
