"""Which cells of a grid are timed when only some of them are to be."""

from collections import Counter

import pytest
from made_study import WIDE_CELLS as CELLS
from made_study import WIDE_GRID as GRID

from tfscale.study.config import ConfigError
from tfscale.study.grid import cells as grid_cells
from tfscale.study.sample import CHECKS, CORNERS, chosen, sample_of
from tfscale.study.study import Study

ENDS = {"layers": (4, 10), "batch_size": (1, 512), "conv_size": (3, 8)}


def is_corner(name: str) -> bool:
    return all(CELLS[name][axis] in ends for axis, ends in ENDS.items())


def test_the_corners_come_first_and_levels_are_balanced():
    names = chosen(CELLS, 48, 0)
    assert all(map(is_corner, names[:CORNERS])) and len(set(names)) == 48
    for axis in ENDS:
        count = Counter(CELLS[name][axis] for name in names)
        assert set(count) == set(GRID[axis])
        assert max(count.values()) - min(count.values()) <= 1


def test_the_seed_draws_the_sample():
    assert set(chosen(CELLS, 40, 0)) != set(chosen(CELLS, 40, 1))
    assert chosen(CELLS, len(CELLS) + 1, 0)[:40] == chosen(CELLS, 40, 0)


def test_a_larger_sample_keeps_the_cells_of_a_smaller_one():
    assert chosen(CELLS, 60, 0)[:40] == chosen(CELLS, 40, 0)
    small, large = (sample_of(CELLS, count, [], 7) for count in (40, 60))
    assert small.checks == large.checks and len(small.checks) == CHECKS
    new = set(small.left_out) - set(large.left_out)
    assert len(new) == 20 and set(large.left_out) < set(small.left_out)
    assert len(small.left_out) == len(CELLS) - 40 - CHECKS


def test_checks_are_no_corner_and_no_cell_of_the_sample():
    sample = sample_of(CELLS, 16, [], 3)
    timed = set(CELLS) - set(sample.left_out) - set(sample.checks)
    assert len(timed) == 16 and not any(map(is_corner, sample.checks))


def test_a_family_with_hardly_more_cells_is_timed_whole():
    assert sample_of(CELLS, len(CELLS) - CHECKS, [], 0).left_out == {}
    assert sample_of(CELLS, {"text": 4}, [], 0).left_out == {}
    assert sample_of(CELLS, None, [], 0).left_out == {}


def test_cells_that_are_asked_for_are_timed_too():
    left_out = list(sample_of(CELLS, 40, [], 7).left_out)
    more = sample_of(CELLS, 40, left_out[:3], 7)
    assert set(left_out) - set(more.left_out) == set(left_out[:3])


def test_values_without_an_order_are_all_there():
    grid = GRID | {"precision": ["float32", "bfloat16"], "jit": [False, True]}
    cells = grid_cells(grid)
    count = Counter((cells[n]["precision"], cells[n]["jit"]) for n in chosen(cells, 40, 0))
    assert len(count) == 4 and min(count.values()) >= 8


def test_a_study_times_its_sample_and_predicts_the_rest(config):
    config |= {"grid": GRID, "sample": 40}
    study = Study.from_config(config)
    assert len(study.cells) == 40 + CHECKS
    assert set(study.predicted) == set(CELLS) - set(study.cells)
    more = Study.from_config(config | {"sample": 60})
    assert len(set(more.cells) - set(study.cells)) == 20 and set(study.cells) < set(more.cells)
    made = {name.replace("_batch64", "") for name in study.trained}
    assert not made & set(study.counted)
    assert Study.from_config(config | {"sample": None}).sampling == {}


def test_names_that_the_grid_has_not_are_mistakes(config):
    with pytest.raises(ConfigError) as error:
        Study.from_config(config | {"sample": {"mnits": 4}, "also": ["mnist_layers9"]})
    lines = "\n".join(error.value.mistakes)
    assert "sample.mnits: the grid has no cell of it; did you mean mnist?" in lines
    assert "also: the grid has no cell 'mnist_layers9'" in lines
