from tfscale.axes import cell_name
from tfscale.grid import cells, impossible, trained_model
from tfscale.priorities import order

ONE = {
    "model": ["text"], "layers": [8], "batch_size": [16], "conv_size": [5], "input_size": [56],
}  # fmt: skip


def test_name_is_the_users_handle():
    assert list(cells(ONE)) == ["text_layers8_batch16_conv5_input56_threads1"]


def test_default_study_has_the_papers_96_cells(config):
    assert len(cells(config["grid"])) == 96


def test_list_of_subgrids_is_their_union():
    both = [ONE, ONE | {"batch_size": [16, 64]}]
    assert len(cells(both)) == 2


def test_cells_that_differ_in_threads_share_a_trained_model():
    grid = cells(ONE | {"threads": [1, 2]})
    names = {cell_name(trained_model(cell, None)) for cell in grid.values()}
    assert len(grid) == 2
    assert names == {"text_layers8_batch16_conv5_input56"}


def test_a_training_batch_size_is_shared_by_all_batch_sizes():
    grid = cells(ONE | {"batch_size": [1, 64]})
    names = {cell_name(trained_model(cell, 64)) for cell in grid.values()}
    assert names == {"text_layers8_batch64_conv5_input56"}


def test_impossible_cells_come_with_the_remedy():
    cell = next(iter(cells(ONE).values()))
    assert impossible(cell) is None
    assert "the largest layers is 26" in impossible(cell | {"layers": 30})
    assert "use 6" in impossible(cell | {"layers": 7})


def test_order_is_random_by_round_and_kept_when_cells_are_added():
    names = [f"cell{number}" for number in range(50)]
    first = order(names, 1, 1)
    assert first == order(names, 1, 1)
    assert first != order(names, 1, 2) != order(names, 2, 2)
    grown = order([*names, "another"], 1, 1)
    assert [name for name in grown if name != "another"] == first
