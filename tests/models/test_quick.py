"""A quick twin is the same network."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from models_of import built

from tfscale.models.quick import FullSpanConv2D, quick

VOCABULARY, SIZE = 50, 14


@pytest.fixture(params=[("mnist", 4), ("text", 6)])
def network(request):
    """An untrained plain model of the paper, and inputs for it."""
    keras.utils.set_random_seed(1)
    name, number = request.param
    rng = np.random.default_rng(1)
    axes = {"layers": number, "conv_size": 3, "input_size": SIZE, "filters": 8, "dropout": 0.0}
    if name == "mnist":
        return built(name, **axes), rng.random((5, SIZE, SIZE, 1), np.float32)
    tokens = rng.integers(0, VOCABULARY, (5, SIZE), np.int32)
    return built(name, vocabulary=VOCABULARY, **axes), tokens


def slopes(model, x) -> list[np.ndarray]:
    """The gradients of all weights, of a loss that every output has its part in."""
    with tf.GradientTape() as tape:
        output = model(x)
        loss = tf.reduce_sum(output * tf.range(1.0, output.shape[-1] + 1))
    found = tape.gradient(loss, model.trainable_variables)
    return [tf.convert_to_tensor(slope).numpy() for slope in found]


def test_a_quick_network_gives_the_same_answers_and_gradients(network):
    plain, x = network
    twin = quick(plain)
    kinds = [type(layer) for layer in twin.layers if isinstance(layer, keras.layers.Conv2D)]
    assert kinds[-1] is FullSpanConv2D and kinds.count(FullSpanConv2D) == 1
    assert len(kinds) == sum(isinstance(layer, keras.layers.Conv2D) for layer in plain.layers)
    assert twin(x).numpy() == pytest.approx(plain(x).numpy(), abs=1e-6)
    for ours, theirs in zip(slopes(twin, x), slopes(plain, x), strict=True):
        assert ours == pytest.approx(theirs, abs=1e-5)


def test_a_model_without_such_a_convolution_is_its_own_twin():
    plain = built("mlp", layers=2, width=4)
    assert quick(plain) is plain
