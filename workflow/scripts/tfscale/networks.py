"""Builds the Keras model of an architecture."""

import keras

from tfscale.architecture import Layer


def build(layers: list[Layer], vocabulary: int, dropout: float) -> keras.Model:
    """The untrained model; its input is (None, S, S, 1) float32 or (None, S) int32 token ids."""
    text = layers[1].kind == "embedding"
    tensor = inputs = keras.Input(layers[0].output, dtype="int32" if text else "float32", name="x")
    for layer in layers[1:]:
        tensor = _keras_layer(layer, vocabulary, dropout)(tensor)
    return keras.Model(inputs, tensor)


def _keras_layer(layer: Layer, vocabulary: int, dropout: float) -> keras.layers.Layer:
    match layer.kind:
        case "embedding":
            return keras.layers.Embedding(vocabulary, layer.output[-1])
        case "reshape":
            return keras.layers.Reshape(layer.output)
        case "conv":
            return keras.layers.Conv2D(layer.output[-1], layer.window, activation="relu")
        case "pool":
            return keras.layers.MaxPool2D(layer.window, strides=1)
        case "flatten":
            return keras.layers.Flatten()
        case "dense":
            return keras.layers.Dense(layer.output[-1], activation=layer.role)
        case "dropout":
            return keras.layers.Dropout(dropout)
    raise ValueError(f"no Keras layer for {layer.kind}")
