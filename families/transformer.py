"""Transformer encoders on tokens."""

SHORT = {"vocabulary": "words"}
INPUTS = {"tokens": {"high": 1000}}


def build(depth: int, width: int, length: int, heads: int = 4, vocabulary: int = 1000):
    """Encoder blocks of attention and two dense layers (Vaswani et al. 2017), one output a token
    class."""
    import keras
    from keras import layers

    tokens = keras.Input((length,), dtype="int32", name="tokens")
    x = layers.Embedding(vocabulary, width)(tokens)
    for _ in range(depth):
        attended = layers.MultiHeadAttention(heads, width // heads)(x, x)
        x = layers.LayerNormalization()(x + attended)
        hidden = layers.Dense(4 * width, activation="gelu")(x)
        x = layers.LayerNormalization()(x + layers.Dense(width)(hidden))
    x = layers.GlobalAveragePooling1D()(x)
    return keras.Model(tokens, layers.Dense(2, activation="softmax")(x))


def fits(width, heads):
    """Every head has a share of the width."""
    return "" if width % heads == 0 else f"width {width} is not a multiple of heads {heads}"


def flop(depth, width, length):
    """Dense layers and attention of every block (Kaplan et al. 2020, table 1)."""
    return depth * length * (24 * width**2 + 4 * length * width)
