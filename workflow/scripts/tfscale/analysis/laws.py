"""The law of each factor: which of nine forms does time follow along it, if any?

Every slice (all other axes fixed) has a scale of its own, so that slices of any speed count alike;
all laws are fitted to ln time, for errors in proportion to the time.
"""

import numpy as np
import pandas as pd

from tfscale.analysis.law_rows import law_rows
from tfscale.analysis.resampling import resampled
from tfscale.analysis.slicing import called, checked, replicates, slice_names, slices
from tfscale.axes import FACTORS

COLUMNS = (
    "machine", "model", "factor", "slice", "law", "formula", "paper", "cells", "slices", "levels",
    "intercept", "slope", "slope_low", "slope_high", "shape", "ratio", "ratio_low",
    "ratio_high", "lowest", "highest", "p_value", "r_squared",
    "slices_differ_p", "lack_of_fit_p", "lack_of_fit_error", "held_out_error", "aicc",
    "delta_aicc", "weight", "wins", "verdict", "fate",
)  # fmt: skip
POOLED = "pooled"
FEWEST_ALONE = 5
"""Levels that a single slice needs for a law of its own: fewer leave AICc undefined."""
MOST_ALONE = 60
"""Slices a factor that get laws of their own; of more, so many evenly chosen ones do."""
TABLES = 200


def fit_laws(
    cells: pd.DataFrame,
    confidence: float,
    visits: pd.DataFrame | None = None,
    rng: np.random.Generator | None = None,
    alone: bool = False,
    tables: int = TABLES,
) -> pd.DataFrame:
    """One row a machine, model, factor and law, all slices pooled; with `alone` instead one row a
    slice of at least five levels and law (of at most 60 slices a factor, evenly chosen).

    `formula` says what intercept, slope and shape are, for time relative to its slice's geometric
    mean (`law_forms.predicted`); a power's slope is the elasticity; `ratio` is the time at the
    `highest` level over that at the `lowest`. `paper` marks the paper's log-scaling regression,
    `fate` says what became of a law. `slices_differ_p` is that of the F test that all slices have
    one shape, `lack_of_fit_error` where the pure error of the tests comes from. `held_out_error` is
    the root mean square of ln(time / predicted) with a level left out, `wins` the share of `tables`
    bootstraps over `visits` (cell, machine, p50_s, disturbed) in which a law has the lowest AICc.
    A factor along which no two cells compare is left out. Raises StudyError on latencies that are
    no times.
    """
    rng = rng or np.random.default_rng(0)
    rows: list[dict] = []
    for (machine, model), table in checked(cells).groupby(["machine", "model"], sort=False):
        known = replicates(table, visits)
        draws = resampled(table, visits, tables, rng)
        for factor in FACTORS:
            used = slices(table, factor)[0].index
            names = slice_names(table, factor) if alone else pd.Series(POOLED, index=table.index)
            for name, group in _groups(table, factor, names.loc[used], alone):
                part = table.loc[group.index]
                places = table.index.get_indexer(group.index)
                own = None if draws is None else draws[:, places]
                head = {"machine": machine, "model": model, "factor": factor, "slice": name}
                fits = law_rows(part, known.loc[group.index], own, factor, confidence)
                rows += [head | row for row in fits]
    return pd.DataFrame(rows, columns=COLUMNS)


def _groups(
    table: pd.DataFrame, factor: str, names: pd.Series, alone: bool
) -> list[tuple[str, pd.Series]]:
    """The cells that a law is fitted to, by the name of their slice."""
    groups = list(names.groupby(names, sort=False))
    if not alone:
        return groups
    levels = called(table, factor).loc[names.index].groupby(names).transform("nunique")
    enough = [group for group in groups if levels[group[1].index[0]] >= FEWEST_ALONE]
    chosen = np.linspace(0, len(enough) - 1, min(len(enough), MOST_ALONE)).round().astype(int)
    return [enough[number] for number in chosen]
