import pytest

from tfscale.study.architecture import describe, largest_layers, parameters, structure_text

PAPER_VOCABULARY = 18765


@pytest.mark.parametrize(
    ("model", "layers", "size", "expected"),
    [
        ("mnist", 4, 28, 10_250),
        ("mnist", 6, 28, 312_714),
        ("mnist", 8, 28, 312_778),
        ("mnist", 10, 28, 312_842),
        ("text", 4, 56, 4_857_346),
        ("text", 6, 56, 7_917_698),
    ],
)
def test_parameters_are_those_of_the_paper(model, layers, size, expected):
    assert parameters(describe(model, layers, 3, size), PAPER_VOCABULARY) == expected


def test_tensor_shapes_of_the_paper():
    layers = describe("mnist", 8, 3, 28)
    assert [layer.output for layer in layers] == [
        (28, 28, 1),
        (26, 26, 64),
        (25, 25, 64),
        (23, 23, 64),
        (22, 22, 64),
        (20, 1, 64),
        (1, 1, 64),
        (64,),
        (64,),
        (64,),
        (10,),
    ]


def test_last_kernel_is_cut_to_the_rows_that_are_left():
    layers = describe("mnist", 10, 8, 28)
    (last,) = [layer for layer in layers if layer.role == "full_span"]
    assert last.window == (4, 4)
    assert last.output == (1, 1, 64)


def test_the_largest_layers_fits_and_one_stage_more_does_not():
    for conv_size in (3, 5, 8):
        most = largest_layers(conv_size, 28)
        describe("mnist", most, conv_size, 28)
        with pytest.raises(ValueError, match="do not fit"):
            describe("mnist", most + 2, conv_size, 28)


def test_structure_lists_every_layer_with_its_shape():
    text = structure_text(describe("text", 4, 3, 56), PAPER_VOCABULARY)
    assert "(None, 56, 256, 1)" in text
    assert "4,857,346" in text
