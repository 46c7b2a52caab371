"""What to run next, what it costs, and sampled studies on tables whose truth is known."""

import numpy as np
import pandas as pd
import pytest
from made_study import COSTS, WIDE_GRID, costs, work_cells, works
from made_study import WIDE_CELLS as CELLS

from tfscale.analysis.advice import costs as prices
from tfscale.analysis.advice import next_cells, on_front
from tfscale.analysis.answers import batch_words, driver_words, sample_words, swept
from tfscale.analysis.drivers import drivers
from tfscale.analysis.predictions import predict_cells, with_sampled
from tfscale.analysis.work_model import design, fit_groups
from tfscale.analysis.work_shares import saturation
from tfscale.study.sample import sample_of


def table(seed: int) -> pd.DataFrame:
    """A table of 160 mnist cells, whose architectures miss the work model by 6 %."""
    axes = {name: WIDE_GRID[name] for name in ("batch_size", "conv_size")}
    return work_cells(noise=0.02, misfit=0.06, seed=seed, **axes)


def missed(whole: pd.DataFrame, timed: set[str]) -> tuple[float, float]:
    """Median error on all other cells, and the share that lies in its interval."""
    own = whole[whole["cell"].isin(timed)].reset_index(drop=True)
    rest = {name: CELLS[name] for name in CELLS if name not in timed}
    found = predict_cells(own, {"sample": rest}, works(), whole)
    error = (found["latency_s"] / found["measured_s"] - 1).abs().median()
    inside = found["measured_s"].between(found["latency_low_s"], found["latency_high_s"])
    return float(error), float(inside.mean())


def test_a_tenth_of_the_cells_predicts_the_others_no_worse_than_one_at_random():
    own, at_random = [], []
    for seed in range(5):
        whole = table(seed)
        sample = sample_of(CELLS, 16, [], seed)
        own.append(missed(whole, set(CELLS) - set(sample.left_out) - set(sample.checks)))
        rng = np.random.default_rng(seed)
        drawn = [set(rng.choice(list(CELLS), 16, replace=False)) for _ in range(4)]
        at_random += [missed(whole, timed)[0] for timed in drawn]
    errors, inside = zip(*own, strict=True)
    assert max(errors) < 0.09 and np.median(errors) <= np.median(at_random)
    assert np.mean(inside) > 0.85


def test_checked_cells_say_how_far_the_predictions_miss():
    whole = table(1)
    sample = sample_of(CELLS, 40, [], 0)
    kept = {*sample.left_out, *sample.checks}
    own = whole[~whole["cell"].isin(kept)].reset_index(drop=True)
    asked = {"sample": sample.left_out, "check": {n: CELLS[n] for n in sample.checks}}
    (said,) = sample_words(predict_cells(own, asked, works(), whole))
    assert said.startswith("110 more cells are predicted; 10 that no fit used are missed by ")
    assert said.endswith(" lie in their interval.")


def test_of_a_sample_what_drives_the_time_and_the_batch_that_is_enough_are_predicted():
    whole = table(1)
    left_out = sample_of(CELLS, 40, [], 0).left_out
    own = whole[~whole["cell"].isin(left_out)].reset_index(drop=True)
    grid = with_sampled(own, predict_cells(own, {"sample": left_out}, works(), whole))
    assert len(grid) == len(whole) and grid["predicted"].sum() == len(left_out)
    found, truth = (drivers(cells).set_index("factor") for cells in (grid, whole))
    assert found["pairs"].to_dict() == truth["pairs"].to_dict() and (found["predicted"] > 0).all()
    assert found["ratio"].to_numpy() == pytest.approx(truth.loc[found.index, "ratio"], rel=0.15)
    assert driver_words(found.reset_index().iloc[0]).endswith(", by prediction.")
    full = saturation(fit_groups(own, np.random.default_rng(0)), grid, 0.95)
    assert set(full["batches"]) == {len(WIDE_GRID["batch_size"])} and full["predicted"].all()
    assert batch_words(full)[0].endswith(", by prediction.")


def test_a_batch_is_enough_of_architectures_that_differ_in_one_axis_alone():
    cells = work_cells(layers=(4, 6, 10), conv_size=(3, 5), batch_size=(1, 4, 16, 64))
    ragged = cells[(cells["layers"] != 4) | (cells["conv_size"] != 3)].reset_index(drop=True)
    found = saturation(fit_groups(ragged, np.random.default_rng(0)), ragged, 0.95)
    rows = swept(found.sample(frac=1, random_state=0))
    assert rows["layers"].tolist() == [4, 6, 10] and set(rows["conv_size"]) == {5}
    assert batch_words(found)[0].endswith("(conv size 5).")


def test_the_next_cells_are_those_that_tell_most():
    whole = table(2)
    own = whole[(whole["batch_size"] <= 16) & (whole["layers"] < 10)].reset_index(drop=True)
    rest = {name: cell for name, cell in CELLS.items() if name not in set(own["cell"])}
    found = next_cells(fit_groups(own, np.random.default_rng(0)), rest, works())
    assert 0 < len(found) <= 5
    assert set(found["cell"]) <= set(rest) and found["cell"].is_unique
    assert found["narrows"].iloc[0] > 0.01 and (found["cost_s"] > 1).all()
    truth = design(whole) @ costs(**COSTS)
    first = whole[whole["cell"] == found["cell"].iloc[0]].index[0]
    assert found["predicted_s"].iloc[0] == pytest.approx(truth[first], rel=0.5)
    assert next_cells([], {}, works()).empty


def test_costs_are_of_a_million_examples_the_highest_throughput_first():
    cells = work_cells(noise=0)
    found = prices(cells, 10, 0.36)
    assert found["cost_per_million"].is_monotonic_increasing
    first = found.iloc[0]
    assert first["cost_per_million"] == pytest.approx(100 / first["throughput_per_s"])
    assert (found["within"] == (found["latency_s"] <= 0.01)).all()
    unpriced = prices(cells, None, None)
    assert unpriced["cost_per_million"].isna().all() and unpriced["within"].all()
    assert unpriced["cell"].tolist() == found["cell"].tolist()


def test_the_front_has_no_cell_that_another_beats():
    cells = work_cells(noise=0)
    front = set(cells["cell"][on_front(cells)])
    for row in cells.to_dict("records"):
        better = (cells["latency_s"] < row["latency_s"]) & (
            cells["throughput_per_s"] >= row["throughput_per_s"]
        )
        assert better.any() != (row["cell"] in front)
