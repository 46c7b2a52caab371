"""Slices of a study: their names, and what is known of their noise."""

import numpy as np
from law_study import TRUTHS, study

from tfscale.analysis.slices import replicates, slice_names


def test_disturbed_visits_say_nothing_while_others_do():
    cells, visits = study(TRUTHS["linear"])
    spoilt = visits.assign(
        disturbed=np.arange(len(visits)) % 3 == 0,
        p50_s=visits["p50_s"] * np.where(np.arange(len(visits)) % 3 == 0, 9, 1),
    )
    assert (replicates(cells, spoilt)["within_df"] == 3).all()
    all_bad = replicates(cells, visits.assign(disturbed=True))
    assert (all_bad["within_df"] == 5).all()


def test_slices_are_named_by_what_varies():
    cells, _ = study(TRUTHS["linear"])
    assert slice_names(cells, "batch_size").iloc[0] == "layers=4"
    assert set(slice_names(cells[cells["layers"] == 4], "batch_size")) == {"all"}
