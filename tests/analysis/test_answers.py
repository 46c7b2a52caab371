"""The answer: the border, what drives the time, which batch is enough, and whether to trust it."""

import numpy as np
import pandas as pd
import pytest
from made_study import COSTS, costs, processes_of, work_cells

from tfscale.analysis.answers import (
    batch_words,
    border_row,
    border_words,
    driver_words,
    trust,
    within_words,
)
from tfscale.analysis.border import borders, call_flop, crossing
from tfscale.analysis.drivers import drivers
from tfscale.analysis.words import short_names
from tfscale.analysis.work_model import design, fit_groups
from tfscale.analysis.work_shares import saturation

NO_OUTLIERS = pd.DataFrame({"cell": []})
SWEEP = {"layers": (4, 8), "conv_size": (3,), "batch_size": (1, 2, 4, 8, 16, 32, 64, 128)}


def bordered(cells: pd.DataFrame, seed: int = 0) -> dict:
    table = borders(fit_groups(cells, np.random.default_rng(seed)), 0.95)
    return border_row(table)


def true_border(cells: pd.DataFrame) -> float:
    return crossing(design(cells), costs(**COSTS), call_flop(cells))


def test_the_interval_of_the_border_holds_it_as_often_as_it_says():
    held = []
    for seed in range(25):
        cells = work_cells(noise=0.015, misfit=0.08, seed=seed)
        row = bordered(cells, seed)
        held.append(row["border_low_flop"] <= true_border(cells) <= row["border_high_flop"])
    assert 0.84 <= np.mean(held) <= 1.0


@pytest.mark.long
def test_it_does_so_in_many_studies_of_two_kinds():
    for axes in ({}, {"conv_size": (3,), "batch_size": (1, 2, 4, 8, 16, 32, 64)}):
        held = []
        for seed in range(200):
            cells = work_cells(noise=0.015, misfit=0.08, seed=seed, **axes)
            row = bordered(cells, seed)
            held.append(row["border_low_flop"] <= true_border(cells) <= row["border_high_flop"])
        assert 0.90 <= np.mean(held) <= 0.98


def test_the_border_lies_between_the_cells_that_it_names():
    cells = work_cells()
    row = bordered(cells)
    flop = call_flop(cells).set_axis(cells["cell"])
    assert row["verdict"] == "within"
    assert flop[row["below"]] < row["border_flop"] <= flop[row["above"]]
    (said,) = border_words(row)
    assert said.startswith("A call costs 2") and said.endswith(") on time grows with work.")
    assert row["overhead_low_s"] < COSTS["fixed"] < row["overhead_high_s"]


def test_a_study_on_one_side_of_the_border_says_so():
    small = work_cells(layers=(4, 6, 8), batch_size=(1, 2, 4), noise=0.001)
    large = work_cells(layers=(8, 10), batch_size=(64, 128, 256), noise=0.001)
    assert bordered(small.assign(latency_s=small["latency_s"] + 1))["verdict"] == "above"
    assert "even the largest is mostly overhead" in " ".join(
        border_words(bordered(small.assign(latency_s=small["latency_s"] + 1)))
    )
    assert bordered(large)["verdict"] == "below"


def test_too_few_cells_say_nothing_of_the_border():
    row = bordered(work_cells(layers=(4,), conv_size=(3,), batch_size=(1, 16)))
    assert row["verdict"].startswith("not testable") and border_words(row) == []
    assert border_words(None) == []
    wide = {"overhead_s": 1.0, "overhead_low_s": 0.3, "overhead_high_s": 1.5, "verdict": "within"}
    assert border_words(wide) == []


def driver(cells: pd.DataFrame, factor: str) -> dict:
    table = drivers(cells)
    return table[table["factor"] == factor].iloc[0].to_dict()


def times(cells: pd.DataFrame, **ratio: float) -> pd.DataFrame:
    """The cells with a latency that is the product of these per doubling of each axis."""
    latency_s = 1e-3 * np.prod([r ** np.log2(cells[a]) for a, r in ratio.items()], axis=0)
    ends = {"latency_low_s": 0.99 * latency_s, "latency_high_s": 1.01 * latency_s}
    return cells.assign(latency_s=latency_s, **ends)


def test_drivers_are_measured_ratios_the_strongest_first():
    cells = times(work_cells(layers=(4, 8), conv_size=(4, 8)), layers=3.0, batch_size=1.2)
    table = drivers(cells)
    assert table["factor"].tolist() == ["layers", "conv_size", "batch_size"]
    assert table["ratio"].to_numpy() == pytest.approx([3, 1, 1.2**6])
    assert table["pairs"].tolist() == [8, 8, 4]
    assert driver_words(table.iloc[0]) == (
        "From layers 4 to 8 a call takes 3 times as long (2.94 to 3.06)."
    )
    assert driver_words(table.iloc[1]).endswith("a call takes the same time within 10 %.")


def test_sweeps_of_unlike_kinds_are_not_pooled():
    short = work_cells(layers=(4, 8), conv_size=(3, 5), batch_size=(1, 64))
    both = pd.concat([short, work_cells(layers=(4,), conv_size=(3,), batch_size=(2, 512))])
    found = driver(times(both.reset_index(drop=True), batch_size=1.5), "batch_size")
    assert (found["lowest"], found["highest"], found["pairs"]) == (1, 512, 1)
    assert found["ratio"] == pytest.approx(1.5**9)


def test_a_ratio_that_depends_on_another_axis_is_told_at_its_ends():
    cells = times(work_cells(layers=(4, 8), conv_size=(3,), batch_size=(1, 64)), batch_size=1.0)
    deep = cells["layers"] == 8
    for name in ("latency_s", "latency_low_s", "latency_high_s"):
        cells.loc[deep, name] *= np.where(cells.loc[deep, "batch_size"] == 64, 40, 4)
    found = driver(cells, "layers")
    assert found["depends_on"] == "batch_size"
    assert driver_words(found) == (
        "From layers 4 to 8 a call takes 4 times as long at batch size 1, 40 times at 64."
    )
    alone = driver(cells[cells["batch_size"] == 1].assign(latency_high_s=1.0), "layers")
    assert driver_words(alone) == ""


def saturated(cells: pd.DataFrame) -> pd.DataFrame:
    return saturation(fit_groups(cells, np.random.default_rng(0)), cells, 0.95)


def test_the_batch_that_is_enough_is_one_that_was_measured():
    cells = work_cells(noise=0, **SWEEP)
    table = saturated(cells).set_index("layers")
    for layers, own in cells.groupby("layers"):
        per_s = (own["batch_size"] / own["latency_s"]).set_axis(own["batch_size"])
        enough = table.loc[layers, "enough_batch"]
        if np.isnan(enough):
            assert (per_s[per_s.index < 128] < 0.9 * per_s.max()).all()
            continue
        assert per_s[enough] >= 0.9 * per_s.max()
        assert (per_s[per_s.index < enough] < 0.9 * per_s.max()).all()
        assert table.loc[layers, "best_throughput_per_s"] == pytest.approx(per_s.max())
    (said,) = batch_words(saturated(cells))
    enough = table.loc[8, "enough_batch"]
    assert said.startswith("Enough is batch ") and f"{enough:.0f} at layers" in said


def test_throughput_that_still_gains_says_so_and_few_batches_nothing():
    flat = work_cells(layers=(4, 8), conv_size=(3,), batch_size=(1, 2, 4, 8)).assign(latency_s=1e-3)
    (said,) = batch_words(saturated(flat))
    assert said == "Throughput still gains at batch 8, the largest here."
    assert batch_words(saturated(work_cells(batch_size=(1, 16)))) == []


def test_the_fastest_cell_within_the_longest_call():
    cells = work_cells(noise=0)
    within = cells[cells["latency_s"] <= 0.01]
    best = within.loc[within["throughput_per_s"].idxmax()]
    (said,) = within_words(cells, NO_OUTLIERS, 10)
    assert f"L{best['layers']} B{best['batch_size']} C{best['conv_size']} has" in said
    assert within_words(cells, NO_OUTLIERS, 1e-6) == ["No timed call takes less than 1e-06 ms."]
    assert within_words(cells, NO_OUTLIERS, None) == []
    flagged = within_words(cells, cells, 10)
    assert " (an outlier) has the highest throughput" in flagged[0]


def test_short_names_have_what_differs():
    cells = work_cells(layers=(4, 6), conv_size=(3,), batch_size=(1, 16))
    assert short_names(cells).tolist() == ["L4 B1", "L4 B16", "L6 B1", "L6 B16"]
    assert short_names(cells.head(1)).tolist() == cells["cell"].head(1).tolist()


QUIET = pd.DataFrame({"total": [1.3], "total_low": [0.9], "total_high": [1.8]})


@pytest.mark.parametrize(
    ("half_width", "drift", "disturbed", "colour"),
    [
        (0.02, QUIET, False, "Green"),
        (0.10, QUIET, False, "Amber"),
        (0.02, QUIET.assign(total_low=1.1), False, "Red"),
        (0.02, QUIET, True, "Amber"),
        (np.nan, QUIET, False, "Red"),
    ],
)
def test_the_line_of_trust(half_width, drift, disturbed, colour):
    cells = work_cells().assign(half_width=half_width)
    processes = processes_of(cells, rounds=2).assign(disturbed=disturbed)
    line = trust(cells, processes, drift)
    assert line.startswith(f"{colour}: 5 rounds, ") and "nan" not in line and "inf" not in line
