"""What a cell's latency would be if the study were repeated: redrawn from its visits."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from tfscale.analysis.workload import ARCHITECTURE

SAME_CALL = ["called_batch", *ARCHITECTURE]


@dataclass(frozen=True)
class Replicates:
    """Values (cells, most), the first `counts` of each row valid, and how many a draw takes."""

    values: np.ndarray
    counts: np.ndarray
    taken: np.ndarray

    def draw(self, rng: np.random.Generator) -> np.ndarray:
        """Each cell's median of values drawn with replacement, in seconds."""
        most = self.taken.max()
        places = (rng.random((len(self.counts), most)) * self.counts[:, None]).astype(int)
        drawn = np.take_along_axis(self.values, places, axis=1)
        drawn[np.arange(most) >= self.taken[:, None]] = np.inf
        drawn.sort(axis=1)
        middle = np.stack([(self.taken - 1) // 2, self.taken // 2], axis=1)
        return np.take_along_axis(drawn, middle, axis=1).mean(axis=1)


def replicates(cells: pd.DataFrame, visits: pd.DataFrame | None) -> Replicates:
    """The replicates of cells of one group, row by row.

    A cell's are its clean visits (all, when every one was disturbed). Cells without visits, as in
    an imported table, are redrawn from the rows whose calls were the same, themselves among them.
    """
    own = _medians(cells, visits)
    alike = cells.groupby(SAME_CALL, sort=False)["latency_s"].agg(list)
    keys = zip(*(cells[axis] for axis in SAME_CALL), strict=True)
    lists, taken = [], []
    for key, visited in zip(keys, own, strict=True):
        lists.append(visited if len(visited) else alike[key])
        taken.append(max(len(visited), 1))
    counts = np.array([len(values) for values in lists])
    padded = np.zeros((len(lists), counts.max()))
    for row, values in zip(padded, lists, strict=True):
        row[: len(values)] = values
    return Replicates(padded, counts, np.array(taken))


def _medians(cells: pd.DataFrame, visits: pd.DataFrame | None) -> list[list[float]]:
    """The medians of the visits that a cell is estimated from."""
    if visits is None or visits.empty:
        return [[] for _ in range(len(cells))]
    own = visits[visits["machine"].isin(cells["machine"]) & (visits["p50_s"] > 0)]
    disturbed = own["disturbed"].fillna(False).astype(bool)
    all_disturbed = disturbed.groupby([own["machine"], own["cell"]]).transform("all")
    used = own[~disturbed | all_disturbed]
    by_cell = used.groupby(["machine", "cell"])["p50_s"].agg(list).to_dict()
    keys = zip(cells["machine"], cells["cell"], strict=True)
    return [by_cell.get(key, []) for key in keys]
