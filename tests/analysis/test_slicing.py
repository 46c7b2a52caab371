"""Slices of a study: their names, and what is known of their noise."""

from made_study import TRUTHS, sweep

from tfscale.analysis.slices import slice_names


def test_slices_are_named_by_what_varies():
    cells, _ = sweep(TRUTHS["linear"])
    assert slice_names(cells, "batch_size").iloc[0] == "layers=4"
    assert set(slice_names(cells[cells["layers"] == 4], "batch_size")) == {"all"}
