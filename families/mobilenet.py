"""MobileNetV2 of Keras on colour images."""

SHORT = {"input_size": "input"}


def build(alpha: float, input_size: int, classes: int = 1000):
    """`alpha` widens or narrows every layer (Sandler et al. 2018)."""
    import keras

    return keras.applications.MobileNetV2(
        input_shape=(input_size, input_size, 3), alpha=alpha, weights=None, classes=classes
    )


def fits(input_size):
    """The network halves its input five times."""
    return "" if input_size >= 32 else f"input_size {input_size} is too small: use at least 32"


def flop(alpha, input_size):
    """The published 300 million multiply-adds at alpha 1 and 224 pixels, scaled."""
    return 6e8 * (0.1 * alpha + 0.9 * alpha**2) * (input_size / 224) ** 2
