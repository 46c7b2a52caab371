"""A convolution over the full width as matrix products: the same numbers, many times faster.

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
