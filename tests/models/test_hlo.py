"""XLA's graph is read as TensorFlow gives it; loops whose length it tells are followed."""

import pytest
import tensorflow as tf

from tfscale.models import hlo
from tfscale.models.hlo import Array, graph_of, loop_length


def loop(start=0, end=12, by=1):
    """The graph of a loop over a pair of a tensor and a counter; `start` None is an input."""

    @tf.function(jit_compile=True, autograph=False)
    def net(x, n):
        first = n if start is None else tf.constant(start)
        return tf.while_loop(
            lambda step, _: step < end,
            lambda step, value: (step + by, tf.nn.relu(value, name="relu")),
            (first, x),
            name="lstm/while",
        )[1]

    return graph_of(net, x=tf.TensorSpec([2, 3]), n=tf.TensorSpec([], tf.int32))


def the_loop(graph):
    for computation in graph.computations.values():
        for operation in computation.live.values():
            if operation.opcode == "while":
                return computation, operation
    raise AssertionError("the graph has no loop")


@pytest.mark.parametrize(
    ("settings", "steps"),
    [
        ({}, 12),
        ({"end": 7, "by": 3}, 3),
        ({"end": 0}, 0),
        ({"start": None}, None),  # an input says where it starts
        ({"end": 31}, None),  # too long to be followed
    ],
)
def test_the_length_of_a_loop_follows_from_its_constants(monkeypatch, settings, steps):
    monkeypatch.setattr(hlo, "LONGEST_LOOP", 30)
    graph = loop(**settings)
    assert loop_length(graph, *the_loop(graph)) == steps


@pytest.mark.parametrize(
    ("dtype", "size"), [("F32", 24), ("BF16", 12), ("S64", 48), ("PRED", 6), ("U4", 6), ("C64", 48)]
)
def test_bytes_follow_from_the_type(dtype, size):
    assert Array(dtype, (2, 3)).bytes == size
