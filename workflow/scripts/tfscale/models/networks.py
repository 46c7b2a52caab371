"""Build the Keras model of an architecture, and a quick one of the same weights to train with.

TensorFlow's own convolution with a kernel as wide as its input and many channels reached 7 % of a
CPU's matrix product here, which is part of what the study measures. Training and predicting need
only its numbers.
"""

import keras
import tensorflow as tf

from tfscale.study.architecture import Layer


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


def build(
    layers: list[Layer],
    vocabulary: int,
    dropout: float,
    precision: str = "float32",
    quick: bool = False,
) -> keras.Model:
    """The untrained model; its input is (None, S, S, 1) float32 or (None, S) int32 token ids.

    Its weights and activations have the `precision` (float32 or bfloat16); its output is float32.
    A `quick` one computes its last convolution by matrix products: to train and predict with, not
    to time. The weights of each fit the other.
    """
    text = layers[1].kind == "embedding"
    tensor = inputs = keras.Input(layers[0].output, dtype="int32" if text else "float32", name="x")
    for layer in layers[1:]:
        tensor = _keras_layer(layer, vocabulary, dropout, precision, quick)(tensor)
    if precision != "float32":
        tensor = keras.layers.Identity(dtype="float32")(tensor)
    return keras.Model(inputs, tensor)


def copy_of(
    model: keras.Model, layers: list[Layer], vocabulary: int, precision: str, quick: bool = False
) -> keras.Model:
    """A model with the weights of a trained one, rounded to the precision; see `build`."""
    copy = build(layers, vocabulary, 0.0, precision, quick)
    copy.set_weights(model.get_weights())
    return copy


def _keras_layer(
    layer: Layer, vocabulary: int, dropout: float, dtype: str, quick: bool
) -> keras.layers.Layer:
    match layer.kind:
        case "embedding":
            return keras.layers.Embedding(vocabulary, layer.output[-1], dtype=dtype)
        case "reshape":
            return keras.layers.Reshape(layer.output, dtype=dtype)
        case "conv":
            spans = layer.window[1] == layer.input[1]
            kind = FullSpanConv2D if quick and spans else keras.layers.Conv2D
            return kind(layer.output[-1], layer.window, activation="relu", dtype=dtype)
        case "pool":
            return keras.layers.MaxPool2D(layer.window, strides=1, dtype=dtype)
        case "flatten":
            return keras.layers.Flatten(dtype=dtype)
        case "dense":
            return keras.layers.Dense(layer.output[-1], activation=layer.role, dtype=dtype)
        case "dropout":
            return keras.layers.Dropout(dropout, dtype=dtype)
    raise ValueError(f"no Keras layer for {layer.kind}")
