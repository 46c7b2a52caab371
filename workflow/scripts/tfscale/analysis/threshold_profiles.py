"""How much a break at each place of a sweep would explain: what a threshold was chosen from."""

import numpy as np
import pandas as pd

from tfscale.analysis.breaks import beside, candidates
from tfscale.analysis.regimes import Sweep
from tfscale.analysis.slicing import checked
from tfscale.analysis.sweeps import sweep_of, sweep_rows
from tfscale.analysis.thresholds import FACTORS, FEWEST_LEVELS

PLACES = 61
COLUMNS = (
    "machine", "model", "factor", "slice", "x", "kind", "place_low", "place_high", "gain",
)  # fmt: skip


def threshold_profiles(cells: pd.DataFrame, visits: pd.DataFrame | None) -> pd.DataFrame:
    """One row a sweep of six levels or more and place: the kind of break that explains most there,
    and its `gain` (the F statistic against a + b x, whose greatest is `thresholds.statistic`).

    `x` as in `thresholds`; a hinge has one place, a break between two levels lies anywhere from
    `place_low` to `place_high`. Raises StudyError on latencies that are no times.
    """
    parts = [pd.DataFrame(columns=COLUMNS)]
    for (machine, model), table in checked(cells).groupby(["machine", "model"], sort=False):
        for factor in FACTORS:
            x = "batch_size" if factor == "batch_size" else "flop_per_call"
            for name, rows in sweep_rows(table, visits, factor):
                if rows["x"].nunique() >= FEWEST_LEVELS:
                    head = {"machine": machine, "model": model, "factor": factor, "slice": name}
                    parts.append(profile(sweep_of(rows)).assign(**head, x=x)[list(COLUMNS)])
    return pd.concat(parts[1:] or parts, ignore_index=True)


def profile(sweep: Sweep, places: int = PLACES) -> pd.DataFrame:
    """kind, place_low, place_high and gain of the best break at each place of a sweep."""
    kinds, bounds, columns = candidates(sweep.x, places)
    explained = (sweep.response @ beside(sweep.line, columns, sweep.scale)) ** 2
    least = float(sweep.break_errors(sweep.response).min())
    variance = max(least / (sweep.count - 4), np.square(sweep.noise))
    gain = np.minimum(explained, sweep.line_error(sweep.response) - least) / variance
    table = pd.DataFrame(
        {"kind": kinds, "place_low": bounds[:, 0], "place_high": bounds[:, 1], "gain": gain}
    )
    best = table.groupby(["place_low", "place_high"])["gain"].idxmax()
    return table.loc[best].reset_index(drop=True)
