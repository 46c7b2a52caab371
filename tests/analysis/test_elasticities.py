"""Elasticities between neighbouring levels, on tables whose truth is known."""

import pytest
from made_study import SIZES, sweep

from tfscale.analysis.effects import elasticities


def test_elasticities_between_neighbouring_levels():
    cells, processes = sweep(lambda x: x**0.6, noise=0.02)
    table = elasticities(cells, 0.95, processes)
    batch = table[table["factor"] == "batch_size"]
    pooled = batch[batch["slice"] == "pooled"]
    assert pooled["x_low"].tolist() == list(SIZES[:-1])
    assert pooled["x_high"].tolist() == list(SIZES[1:])
    single = batch[batch["slice"] != "pooled"]
    assert len(single) == 3 * 7 and set(single["interval"]) == {"replicates"}
    inside = (single["elasticity_low"] < 0.6) & (single["elasticity_high"] > 0.6)
    assert inside.mean() > 0.8
    bare = elasticities(cells, 0.95)
    assert set(bare.loc[bare["slice"] != "pooled", "interval"]) == {"none"}
    assert set(bare.loc[bare["slice"] == "pooled", "interval"]) == {"slices"}


def test_a_missing_level_widens_its_pair_alone():
    cells, _ = sweep(lambda x: x**0.6, noise=0)
    table = elasticities(cells.drop(index=3), 0.95)
    pair = table[(table["x_low"] == 4) & (table["x_high"] == 16)]
    assert pair["elasticity"].tolist() == pytest.approx([0.6, 0.6])
