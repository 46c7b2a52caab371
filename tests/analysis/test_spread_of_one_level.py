"""Repeats of which only one level was left undisturbed."""

from grids import grid, visits_of

from tfscale.analysis.scatter import spread
from tfscale.analysis.statistics import visit_rows


def test_repeats_of_one_level_alone_are_not_testable():
    cells = grid(layers=(4, 6), batches=(1,), convs=(3,))
    visits = visits_of(cells, rounds=1, each=6)
    busy = visits["cell"].isin(cells["cell"][cells["layers"] == 6])
    found = spread(cells, 0.95, visit_rows(visits.assign(disturbed=busy), cells))
    repeats = found[found["basis"] == "replicates"]
    assert set(repeats["verdict"]) == {"not testable: one level alone"}
    assert len(repeats) == 2
