"""The visits of every cell in short: quantiles of each visit, and a histogram of a cell's calls."""

from collections import defaultdict

import numpy as np
import pandas as pd
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tfscale.report.page_script import brief, coded

MOST_CELLS = 2000
"""Of larger studies the page holds no single visits and no histograms: files of them remain."""
QUANTILES = ("p05_s", "p50_s", "p90_s", "p99_s")
BINS = 32
INNER = (0.005, 0.995)
"""A histogram spans these quantiles; the calls beyond are counted at its ends."""
BATCH = 256
RAW = ["cell", "machine", "sentinel", "disturbed", "phase", "durations_ns"]
Calls = defaultdict[tuple[str, str], list[np.ndarray]]
Histogram = list[float | list[int] | None]


def visit_rows(cells: pd.DataFrame, visits: pd.DataFrame) -> dict[str, object]:
    """For every cell its visits as [round, visit, clean, unsettled, reason, p05, p50, p90, p99],
    times in µs, `reason` a place in `reasons`; sentinels are left out."""
    own = visits[~visits["sentinel"]].sort_values(["round", "visit"])
    reasons = coded(own["disturbed_reason"].fillna("").astype(str).tolist())
    own = own.assign(reason=reasons["is"])
    rows: defaultdict[tuple[str, str], list[list]] = defaultdict(list)
    for row in own.to_dict("records"):
        unsettled = not pd.isna(row["settled"]) and not row["settled"]
        rows[row["machine"], row["cell"]].append(
            [row["round"], row["visit"], int(not row["disturbed"]), int(unsettled), row["reason"]]
            + [brief(1e6 * row[name], 3) for name in QUANTILES]
        )
    keys = zip(cells["machine"], cells["cell"], strict=True)
    return {"reasons": reasons["of"], "rows": [rows[key] for key in keys]}


def histograms(cells: pd.DataFrame, runs_path: str) -> list[Histogram | None]:
    """For every cell [low µs, high µs, counts] of the timed calls of its clean visits (of all
    visits where none is clean), in bins of equal ratio; None where nothing was timed."""
    clean: Calls = defaultdict(list)
    disturbed: Calls = defaultdict(list)
    with pq.ParquetFile(runs_path) as file:
        for batch in file.iter_batches(BATCH, columns=RAW):
            places = {name: batch.column(name) for name in RAW}
            timed = pc.equal(places["phase"].flatten(), "timed").to_numpy(zero_copy_only=False)
            values = places["durations_ns"].flatten().to_numpy()
            ends = np.cumsum(pc.list_value_length(places["phase"]).to_numpy())
            names = zip(
                places["machine"].to_pylist(), places["cell"].to_pylist(),
                places["sentinel"].to_pylist(), places["disturbed"].to_pylist(), ends, strict=True,
            )  # fmt: skip
            start = 0
            for machine, cell, sentinel, was_disturbed, end in names:
                if not sentinel:
                    kept = disturbed if was_disturbed else clean
                    kept[machine, cell].append(values[start:end][timed[start:end]])
                start = end
    keys = list(zip(cells["machine"], cells["cell"], strict=True))
    return [_histogram(clean.get(key) or disturbed.get(key) or []) for key in keys]


def _histogram(parts: list[np.ndarray]) -> Histogram | None:
    found = np.concatenate(parts) / 1e3 if parts else np.empty(0)
    if not len(found):
        return None
    low, high = (float(value) for value in np.quantile(found, INNER))
    high = max(high, low * 1.001)
    edges = np.geomspace(low, high, BINS + 1)
    counts, _ = np.histogram(np.clip(found, edges[0], edges[-1]), edges)
    return [brief(low), brief(high), counts.tolist()]
