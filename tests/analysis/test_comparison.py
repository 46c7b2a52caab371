"""Two values of an axis, cell by cell, and the verdict for CI, on studies whose truth is known."""

import numpy as np
import pandas as pd
import pytest
from made_study import ROUNDS, crossed

from tfscale.analysis.comparison import EVERY, FASTER, OPEN, SLOWER, compare, comparison_words
from tfscale.analysis.gate import FINE, differences_of, judged
from tfscale.errors import StudyError

ASKED = {"of": "environment", "base": "before", "new": "now", "slower_at_most": 1.05}


def noise(rng: np.random.Generator, count: int) -> np.ndarray:
    """As measured of undisturbed latencies on a busy machine: most within 3 %, a fifth late."""
    late = rng.random(count) < 0.2
    return rng.normal(0, 0.03, count) + late * rng.exponential(0.12, count)


def runs(factor=lambda _: 1.0, seed=0, axis="environment", values=("before", "now"), quiet=1.0):
    """Runs of a study of two values, in which a cell at the second takes `factor` times as long."""
    cells = crossed(work=lambda _: {}, layers=(4, 6, 10), conv_size=(3,), **{axis: values})
    slower = [factor(cell) if cell[axis] == values[1] else 1.0 for cell in cells.to_dict("records")]
    true_s = 1e-4 * cells["layers"] ** 2 * cells["batch_size"] ** 0.7 * slower
    cells = cells.assign(machine="h", pass_mean_s=1.0, latency_s=true_s)
    rows = pd.concat([cells.assign(round=n) for n in range(1, ROUNDS + 1)], ignore_index=True)
    off = quiet * noise(np.random.default_rng(seed), len(rows))
    return rows.assign(latency_s=rows["latency_s"] * np.exp(off))


def verdict(table: pd.DataFrame) -> tuple[str, str]:
    return judged(differences_of(table, ASKED), ASKED, 0.95)


def test_equal_environments_are_hardly_ever_called_slower():
    found = [verdict(runs(seed=seed))[0] for seed in range(80)]
    assert found.count(SLOWER) <= 4


def test_a_slowdown_of_a_tenth_is_found_in_five_rounds_of_twelve_cells():
    found = [verdict(runs(lambda cell: 1.1, seed))[0] for seed in range(50)]
    assert found.count(SLOWER) >= 45
    _, words = verdict(runs(lambda cell: 1.1))
    assert words.startswith("slower by more than 5 %, now over before: ")
    assert "all cells (geometric mean) 1.1" in words


def test_a_single_slow_cell_is_named():
    slow = runs(lambda cell: 1.6 if (cell["layers"], cell["batch_size"]) == (6, 16) else 1.0)
    found, words = verdict(slow)
    assert found == SLOWER and words.count("times") == 1
    assert "mnist_layers6_batch16_conv3_input28_threads1_now" in words


def test_a_faster_environment_is_fine_and_an_unsure_one_says_how_many_rounds():
    found, words = verdict(runs(lambda cell: 0.9, quiet=0.05))
    assert found == FINE and words.startswith("no slowdown above 5 %, now over before (largest: ")
    found, words = verdict(runs(lambda cell: 1.04))
    assert found == OPEN and "rounds would decide (timing.rounds)" in words


def test_cells_without_a_partner_are_an_error():
    with pytest.raises(StudyError, match="no cell has both environment before and now"):
        differences_of(runs(values=("before", "own")), ASKED)


def test_ratios_have_intervals_that_hold_the_truth():
    inside, wide = [], []
    for seed in range(30):
        cells, means = compare(
            runs(lambda cell: 1.2, seed, "runtime", ("tensorflow", "onnxruntime")), 0.95
        )
        inside += cells["ratio_low"].lt(1.2).mul(cells["ratio_high"].gt(1.2)).tolist()
        (mean,) = means.to_dict("records")
        wide.append(mean["ratio_low"] < 1.2 < mean["ratio_high"])
    assert np.mean(inside) > 0.94 and np.mean(wide) > 0.9


def test_one_runtime_overtakes_another_along_the_batch_sizes():
    table = runs(
        lambda cell: 0.3 if cell["batch_size"] < 16 else 2.0,
        axis="runtime",
        values=("tensorflow", "litert"),
    )
    cells, means = compare(table, 0.95)
    assert set(cells["verdict"]) == {FASTER, SLOWER} and len(cells) == 12
    first, *others = comparison_words(cells, means)
    assert first.startswith("mnist: LiteRT takes 0.7") and first.endswith("6 faster and 6 slower.")
    assert others[0] == (
        "mnist (layers 4): LiteRT is faster than TensorFlow up to batch size 4 and slower from 16."
    )
    assert len(others) == 3


def test_several_families_have_a_mean_together():
    mnist = runs(axis="runtime", values=("tensorflow", "litert"))
    text = mnist.assign(model="text", cell="text_" + mnist["cell"], input_size=56)
    _, means = compare(pd.concat([mnist, text], ignore_index=True), 0.95)
    assert means["model"].tolist() == ["mnist", "text", EVERY]
    assert means["cells"].tolist() == [12, 12, 24]


def test_without_the_usual_value_the_first_by_name_is_the_base_whatever_the_order_of_rows():
    table = runs(axis="runtime", values=("openvino", "litert"))
    for rows in (table, table.iloc[::-1]):
        _, means = compare(rows.reset_index(drop=True), 0.95)
        assert means[["base", "value"]].to_numpy().tolist() == [["litert", "openvino"]]
