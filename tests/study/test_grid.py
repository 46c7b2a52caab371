import re

import pytest

from tfscale.axes import CALL_AXES, axes_of, cell_name
from tfscale.study.grid import cells, trained_model
from tfscale.study.settings import CallAxes
from tfscale.study.study import order

ONE = {
    "model": ["text"],
    "layers": [8],
    "batch_size": [16],
    "conv_size": [5],
    "input_size": [56],
}


def test_name_is_the_users_handle():
    assert list(cells(ONE)) == ["text_layers8_batch16_conv5_input56_threads1"]


@pytest.mark.parametrize(
    ("values", "tail"),
    [
        ({}, "threads1"),
        ({"filters": [64], "precision": ["float32"], "jit": [False]}, "threads1"),
        ({"threads": [2], "filters": [32]}, "threads2_filters32"),
        ({"precision": ["bfloat16"]}, "threads1_bfloat16"),
        ({"jit": [True], "runtime": ["predict"]}, "threads1_jit_predict"),
        ({"dropout": [0.5]}, "threads1_dropout0.5"),
    ],
)
def test_new_axes_are_named_only_off_their_default(values, tail):
    ((name, cell),) = cells(ONE | values).items()
    assert name == f"text_layers8_batch16_conv5_input56_{tail}"
    assert list(cell) == ["model", *axes_of("text")]


def test_all_axes_together_have_names_that_differ_and_fit_the_wildcard():
    grid = cells(
        ONE
        | {"filters": [16, 64], "precision": ["float32", "bfloat16"], "jit": [False, True]}
        | {"runtime": ["tensorflow", "predict"], "threads": [1, 2]}
    )
    assert len(grid) == 32
    assert all(re.fullmatch(r"\w+", name) for name in grid)
    trained = {cell_name(trained_model(cell, 64)) for cell in grid.values()}
    name = "text_layers8_batch64_conv5_input56"
    assert trained == {
        name,
        f"{name}_filters16",
        f"{name}_bfloat16",
        f"{name}_filters16_bfloat16",
    }


def test_the_model_of_the_configuration_knows_every_axis_of_a_call():
    assert list(CallAxes.model_fields) == ["model", *CALL_AXES]
    for axis, field in list(CallAxes.model_fields.items())[1:]:
        default = CALL_AXES[axis].default
        assert field.is_required() == (default is None)
        if default is not None:
            assert field.default == [default]
            word = "false" if default is False else default
            assert field.description.endswith(f"default: {word}).")


def test_default_study_has_the_papers_96_cells_and_a_batch_sweep(config):
    assert len(cells(config["grid"][:2])) == 96
    assert len(cells(config["grid"])) == 114


def test_list_of_subgrids_is_their_union():
    both = [ONE, ONE | {"batch_size": [16, 64]}]
    assert len(cells(both)) == 2


def test_order_is_random_by_round_and_kept_when_cells_are_added():
    names = [f"cell{number}" for number in range(50)]
    first = order(names, 1, 1)
    assert first == order(names, 1, 1)
    assert first != order(names, 1, 2) != order(names, 2, 2)
    grown = order([*names, "another"], 1, 1)
    assert [name for name in grown if name != "another"] == first
