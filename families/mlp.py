"""Multi-layer perceptrons on vectors."""


def build(layers: int, width: int, input_size: int = 256):
    """Dense layers of one width, and ten outputs."""
    import keras

    x = inputs = keras.Input((input_size,))
    for _ in range(layers):
        x = keras.layers.Dense(width, activation="relu")(x)
    return keras.Model(inputs, keras.layers.Dense(10)(x))


def flop(layers, width, input_size):
    """Two FLOP a weight and example."""
    return 2 * width * (input_size + (layers - 1) * width + 10)
