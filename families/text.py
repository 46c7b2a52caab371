"""The paper's convolutional networks on movie reviews."""

SHORT = {"conv_size": "conv", "input_size": "input"}
DATASET = "movie-reviews"
PAPER = {"input_size": 56}
INPUTS = {"x": {"high": 18_765}}


def build(
    layers: int,
    conv_size: int,
    input_size: int,
    filters: int = 64,
    dropout: float = 0.75,
    vocabulary: int = 18_765,
):
    """An embedding of `input_size` tokens, then mnist's stages."""
    import keras

    inputs = keras.Input((input_size,), dtype="int32", name="x")
    x = keras.layers.Embedding(vocabulary, 256)(inputs)
    x = keras.layers.Reshape((input_size, 256, 1))(x)
    for conv, pool in stages(layers, conv_size, input_size, 256):
        x = keras.layers.Conv2D(filters, conv, activation="relu")(x)
        x = keras.layers.MaxPool2D(pool, strides=1)(x)
    x = keras.layers.Flatten()(x)
    x = keras.layers.Dense(64, activation="relu")(x)
    x = keras.layers.Dropout(dropout)(x)
    return keras.Model(inputs, keras.layers.Dense(2, activation="softmax")(x))


def stages(layers, conv_size, rows, columns):
    """The kernel and the pool of every stage; all but the last take `conv_size` rows and columns
    away."""
    for _ in range((layers - 2) // 2 - 1):
        yield (conv_size, conv_size), (2, 2)
        rows, columns = rows - conv_size, columns - conv_size
    kernel = min(conv_size, rows)
    yield (kernel, columns), (rows - kernel + 1, 1)


def fits(layers, conv_size, input_size):
    """Every stage must find a row left."""
    if layers < 4 or layers % 2:
        even = max(4, layers // 2 * 2)
        return f"layers {layers} is not an even number of at least 4: use {even}"
    if min(conv_size, input_size) < 1:
        return "conv_size and input_size must be at least 1"
    if input_size > ((layers - 2) // 2 - 1) * conv_size:
        return ""
    most = 2 * ((input_size - 1) // conv_size + 1) + 2
    return (
        f"its stages do not fit an input of {input_size}: "
        f"with conv_size {conv_size} the largest layers is {most}"
    )


def flop(layers, conv_size, input_size, filters):
    """Multiply-adds of the convolutions, for the plan; the study counts the graph."""
    rows, columns, channels, total = input_size, 256, 1, 0
    for kernel, _ in stages(layers, conv_size, rows, columns):
        outputs = (rows - kernel[0] + 1) * (columns - kernel[1] + 1)
        total += 2 * outputs * kernel[0] * kernel[1] * channels * filters
        rows, columns, channels = rows - conv_size, columns - conv_size, filters
    return total
