"""Bootstrap tables: the latencies of all cells from visits drawn again."""

import numpy as np
import pandas as pd

from tfscale.analysis.slicing import clean_visits


def resampled(
    cells: pd.DataFrame, visits: pd.DataFrame | None, tables: int, rng: np.random.Generator
) -> np.ndarray | None:
    """ln latency in `tables` draws (rows) of each of `cells` (columns).

    It is the median of as many visits as the cell has, drawn from them with replacement. Cells
    without visits keep their latency; None when no cell has two. Disturbed visits are left out
    where clean ones remain.
    """
    if visits is None or visits.empty:
        return None
    groups = (
        clean_visits(visits)
        .groupby(["cell", "machine"])["p50_s"]
        .apply(lambda own: np.log(own.to_numpy()))
    )
    own = groups.reindex(pd.MultiIndex.from_frame(cells[["cell", "machine"]]))
    sizes = np.array([len(part) if isinstance(part, np.ndarray) else 1 for part in own])
    if sizes.max() < 2:
        return None
    drawn = np.tile(np.log(cells["latency_s"].to_numpy()), (tables, 1))
    for size in np.unique(sizes[sizes > 1]):
        places = np.flatnonzero(sizes == size)
        values = np.stack(own.iloc[places].to_list())
        chosen = rng.integers(0, size, (tables, len(places), size))
        drawn[:, places] = np.median(values[np.arange(len(places))[:, None], chosen], axis=-1)
    return drawn
