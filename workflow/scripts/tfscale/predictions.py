"""What a SavedModel predicts for the test inputs."""

from pathlib import Path

import numpy as np
import pandas as pd
import tensorflow as tf

from tfscale.atomic import replacing
from tfscale.encoded import Split

CHUNK = 64


def predict(saved_model: str | Path, x: np.ndarray) -> np.ndarray:
    """Class probabilities (n, classes) by the model's public serving signature."""
    signature = tf.saved_model.load(str(saved_model)).signatures["serving_default"]
    (name,) = signature.structured_input_signature[1]
    chunks = [x[start : start + CHUNK] for start in range(0, len(x), CHUNK)]
    outputs = [signature(**{name: tf.constant(chunk)}) for chunk in chunks]
    return np.concatenate([next(iter(output.values())).numpy() for output in outputs])


def table(
    probabilities: np.ndarray, test: Split, labels: list[str], texts: list[str] | None
) -> pd.DataFrame:
    """One row a test input: actual and predicted label, probability, correct, and the review."""
    guessed = probabilities.argmax(axis=1)
    columns = {
        "input": np.arange(len(guessed)),
        "actual": [labels[label] for label in test.y],
        "predicted": [labels[label] for label in guessed],
        "probability": probabilities.max(axis=1),
        "correct": guessed == test.y,
    }
    return pd.DataFrame(columns | ({"review": texts} if texts else {}))


def write(path: str, predictions: pd.DataFrame) -> None:
    """Write the predictions as Parquet."""
    with replacing(path) as temporary:
        predictions.to_parquet(temporary, index=False)
