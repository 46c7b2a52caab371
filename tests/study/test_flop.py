"""The analytic description against TensorFlow itself: all 24 architectures of the paper,
and others with fewer filters."""

import pytest
import tensorflow as tf
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

from tfscale.models.networks import build
from tfscale.study.architecture import describe, parameters
from tfscale.study.work import activation_bytes, flop_by_kind, flop_per_example, weight_bytes

VOCABULARY = 50
PAPER = [
    (model, layers, conv, size, 64)
    for model, size in (("mnist", 28), ("text", 56))
    for layers in (4, 6, 8, 10)
    for conv in (3, 5, 8)
]


def profiled_flop(network, spec) -> int:
    function = tf.function(lambda x: network(x, training=False)).get_concrete_function(spec)
    graph = convert_variables_to_constants_v2(function).graph
    builder = tf.compat.v1.profiler.ProfileOptionBuilder
    options = builder(builder.float_operation()).with_empty_output().build()
    return tf.compat.v1.profiler.profile(graph, cmd="scope", options=options).total_float_ops


OTHERS = [("mnist", 8, 3, 28, 16), ("text", 6, 5, 28, 16), ("mnist", 6, 3, 56, 32)]


@pytest.mark.parametrize(("model", "layers", "conv", "size", "filters"), PAPER + OTHERS)
def test_flop_parameters_and_shapes_are_tensorflows(model, layers, conv, size, filters):
    described = describe(model, layers, conv, size, filters)
    network = build(described, VOCABULARY, 0.75)
    dtype = tf.int32 if model == "text" else tf.float32
    measured = profiled_flop(network, tf.TensorSpec((1, *described[0].output), dtype))
    assert flop_per_example(described) == pytest.approx(measured, rel=0.02)
    assert parameters(described, VOCABULARY) == network.count_params()
    shapes = [tuple(layer.output.shape[1:]) for layer in network.layers]
    assert shapes == [layer.output for layer in described]


def test_kinds_add_up():
    described = describe("text", 8, 5, 56)
    assert sum(flop_by_kind(described).values()) == flop_per_example(described)
    assert all(flop_by_kind(described).values())


def test_bfloat16_takes_half_the_bytes_but_for_the_input():
    described = describe("mnist", 6, 3, 28)
    assert weight_bytes(described, 0, "bfloat16") == weight_bytes(described, 0) / 2
    inputs = 4 * 28 * 28
    single, half = activation_bytes(described), activation_bytes(described, "bfloat16")
    assert half - inputs == (single - inputs) / 2
