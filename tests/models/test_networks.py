"""A quick network is the same network."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfscale.errors import StudyError
from tfscale.models import training
from tfscale.models.networks import FullSpanConv2D, build, copy_of
from tfscale.study.architecture import describe

VOCABULARY, SIZE = 50, 14


@pytest.fixture(params=[("mnist", 4), ("mnist", 6), ("text", 4), ("text", 6)])
def network(request):
    """The layers, an untrained plain model, and inputs for it."""
    keras.utils.set_random_seed(1)
    model, number = request.param
    layers = describe(model, number, 3, SIZE, 8)
    rng = np.random.default_rng(1)
    if model == "mnist":
        return layers, build(layers, VOCABULARY, 0.0), rng.random((5, SIZE, SIZE, 1), np.float32)
    tokens = rng.integers(0, VOCABULARY, (5, SIZE), np.int32)
    return layers, build(layers, VOCABULARY, 0.0), tokens


def slopes(model, x) -> list[np.ndarray]:
    """The gradients of all weights, of a loss that every output has its part in."""
    with tf.GradientTape() as tape:
        output = model(x)
        loss = tf.reduce_sum(output * tf.range(1.0, output.shape[-1] + 1))
    found = tape.gradient(loss, model.trainable_variables)
    return [tf.convert_to_tensor(slope).numpy() for slope in found]


def test_a_quick_network_gives_the_same_answers_and_gradients(network):
    layers, plain, x = network
    quick = copy_of(plain, layers, VOCABULARY, "float32", quick=True)
    kinds = [type(layer) for layer in quick.layers if isinstance(layer, keras.layers.Conv2D)]
    assert kinds[-1] is FullSpanConv2D and kinds.count(FullSpanConv2D) == 1
    assert len(kinds) == sum(layer.kind == "conv" for layer in layers)
    assert quick(x).numpy() == pytest.approx(plain(x).numpy(), abs=1e-6)
    for ours, theirs in zip(slopes(quick, x), slopes(plain, x), strict=True):
        assert ours == pytest.approx(theirs, abs=1e-5)


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_what_is_served_is_compared_with_what_was_trained(network, tmp_path, precision):
    layers, model, x = network
    served = copy_of(model, layers, VOCABULARY, precision)
    served.export(str(tmp_path), format="tf_saved_model", verbose=False)
    quick = copy_of(model, layers, VOCABULARY, precision, quick=True)
    probabilities = training.predict(quick, x)
    assert probabilities.sum(axis=1) == pytest.approx(np.ones(5), abs=1e-2)
    training.check_served(tmp_path, x, probabilities, precision)
    with pytest.raises(StudyError, match="answers otherwise than the model that was trained"):
        training.check_served(tmp_path, x, probabilities + 0.2, precision)
