"""A quick twin of a model, with the same weights, to train and predict with.

TensorFlow's own convolution with a kernel as wide as its input and many channels reached 7 % of a
CPU's matrix product here, which is part of what the study measures. Training and predicting need
only its numbers.
"""

import keras
import tensorflow as tf


class FullSpanConv2D(keras.layers.Conv2D):
    """A Conv2D, stride 1 and no padding, whose kernel spans all columns; the same weights fit both.

    (n, H, W, channels) becomes (n, H - k + 1, 1, filters).
    """

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """The sum over the rows of the kernel: each is one product with all columns at once."""
        rows, filters = self.kernel_size[0], self.filters
        height, span = inputs.shape[1] - rows + 1, inputs.shape[2] * inputs.shape[3]
        flat = tf.reshape(inputs, (-1, inputs.shape[1], span))
        kernel = tf.reshape(self.kernel, (rows, span, filters))
        products = [
            tf.matmul(tf.reshape(flat[:, row : row + height], (-1, span)), kernel[row])
            for row in range(rows)
        ]
        summed = tf.add_n(products) + self.bias
        return self.activation(tf.reshape(summed, (-1, height, 1, filters)))


def quick(model: keras.Model) -> keras.Model:
    """The model with every convolution that spans its input's columns done by matrix products; the
    model itself where it has none, or cannot be copied layer by layer."""
    if not any(map(_spans, model.layers)):
        return model
    try:
        twin = keras.models.clone_model(model, clone_function=_quick_layer)
    except (TypeError, ValueError, NotImplementedError):  # a class or layer of the user's own
        return model
    twin.set_weights(model.get_weights())
    return twin


def _quick_layer(layer: keras.layers.Layer) -> keras.layers.Layer:
    kind = FullSpanConv2D if _spans(layer) else type(layer)
    return kind.from_config(layer.get_config())


def _spans(layer: keras.layers.Layer) -> bool:
    """Whether it is a plain Conv2D whose kernel is as wide as its input, of more than a column."""
    return (
        type(layer) is keras.layers.Conv2D
        and getattr(layer, "input", None) is not None
        and layer.padding == "valid"
        and tuple(layer.strides) == (1, 1)
        and tuple(layer.dilation_rate) == (1, 1)
        and layer.groups == 1
        and layer.use_bias
        and layer.kernel_size[1] == layer.input.shape[2] > 1
    )
