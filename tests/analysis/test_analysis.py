"""Fits, findings and figures on tables whose truth is known."""

import numpy as np
import pandas as pd
import pytest
from made_study import grid

from tfscale.analysis.comparison import compare, comparison_words
from tfscale.analysis.drivers import drivers
from tfscale.analysis.law_fits import FORMS, Levels, fit, reported
from tfscale.analysis.laws import fit_laws, slices
from tfscale.analysis.slices import varying
from tfscale.axes import CALL_AXES
from tfscale.words import AXIS_WORDS


def table(law, noise=0.01, seed=0, **axes) -> pd.DataFrame:
    """Cells of one model whose latency follows `law` in layers, in proportion to the batch."""
    return grid(lambda cell: 2000 * law(cell["layers"]), noise, seed, conv_size=(3,), **axes)


LAWS = {
    "log": lambda x: 1 + 3 * np.log(x / 3),
    "linear": lambda x: 1 + 2 * (x - 3),
    "power": lambda x: x**3.2,
}


def power_fit(cells: pd.DataFrame) -> dict[str, float]:
    levels = Levels(cells["layers"].to_numpy(float), cells["batch_size"].to_numpy())
    found = fit(FORMS["power"], levels, np.log(cells["latency_s"].to_numpy()))
    return reported(FORMS["power"], levels, found, 0.95)


def test_the_interval_of_an_elasticity_covers_the_truth_as_often_as_it_says():
    fits = [power_fit(table(LAWS["power"], noise=0.03, seed=seed)) for seed in range(200)]
    covered = np.mean([fit["slope_low"] < 3.2 < fit["slope_high"] for fit in fits])
    assert 0.90 < covered < 0.99


def test_one_cell_gives_empty_tables_that_can_still_be_written(tmp_path):
    one = table(LAWS["power"], layers=(4,), batch_size=(1,))
    assert len(fit_laws(one, 0.95)) == 0
    assert "law" in fit_laws(one, 0.95).columns
    assert comparison_words(*compare(one, 0.95)) == []


def with_values(axis: str, factors: dict) -> pd.DataFrame:
    """The table at every value of an axis, each so many times as slow as the last."""
    base = table(LAWS["power"], noise=0)
    parts = [
        base.assign(**{axis: value, "latency_s": base["latency_s"] * factor})
        for value, factor in factors.items()
    ]
    return pd.concat(parts, ignore_index=True)


@pytest.mark.parametrize(
    ("axis", "values", "words"),
    [
        (
            "precision",
            {"float32": 1, "bfloat16": 0.71},
            "bfloat16 takes 0.71 times (0.71 to 0.71) as long as f",
        ),
        (
            "jit",
            {True: 0.5, False: 1},
            "the call compiled by XLA takes 0.5 times (0.5 to 0.5) as long as the",
        ),
        (
            "runtime",
            {"tensorflow": 1, "predict": 150},
            "model.predict takes 150 times (150 to 150) as long as T",
        ),
    ],
)
def test_values_without_an_order_are_compared_in_matched_pairs(axis, values, words):
    cells = with_values(axis, values)
    unmatched = cells.iloc[:1].assign(layers=20, latency_s=1e9)
    cells = pd.concat([cells, unmatched], ignore_index=True)
    (sentence,) = comparison_words(*compare(cells, 0.95))
    assert sentence.startswith(f"mnist: {words}")
    assert sentence.endswith(", geometric mean of 16 cells.")
    assert axis not in varying(cells)


@pytest.mark.parametrize("axis", ["precision", "jit", "runtime"])
def test_a_slice_holds_axes_without_an_order_fixed_too(axis):
    values = {"precision": ("float32", "bfloat16"), "jit": (False, True)}
    cells = with_values(axis, dict.fromkeys(values.get(axis, ("tensorflow", "predict")), 1))
    cells.loc[cells.index[: len(cells) // 2], "latency_s"] *= 9
    relative, number = slices(cells, "layers")
    assert number.nunique() == 8
    assert relative.iloc[0] == pytest.approx(relative.iloc[len(cells) // 2])


def test_cells_that_match_no_other_move_neither_effect_nor_law():
    grid = table(LAWS["power"], noise=0, batch_size=(1,))
    lonely = grid.iloc[[0, 0, 0]].assign(threads=[2, 3, 4], filters=[1, 2, 3], latency_s=1e9)
    both = pd.concat([grid, lonely], ignore_index=True)
    assert fit_laws(both, 0.95).equals(fit_laws(grid, 0.95))
    told = [drivers(cells).query("factor == 'layers'") for cells in (grid, both)]
    assert told[0].equals(told[1]) and len(told[0]) == 1


def test_both_values_of_a_call_axis_have_words():
    for axis, spec in CALL_AXES.items():
        assert spec.kind is not bool or set(AXIS_WORDS[axis].values) == {False, True}
