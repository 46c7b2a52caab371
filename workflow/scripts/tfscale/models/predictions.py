"""What a trained model predicts for the test inputs."""

from pathlib import Path

import keras
import numpy as np
import pandas as pd
import tensorflow as tf

from tfscale.data.encoded import Split
from tfscale.errors import StudyError
from tfscale.files.atomic import replacing

CHUNK = 64
FEW = 16
TOLERANCE = {"float32": 1e-3, "bfloat16": 0.1}
"""Between probabilities of the same weights, summed in another order."""


def predict(model: keras.Model, x: np.ndarray) -> np.ndarray:
    """Class probabilities (n, classes)."""
    return model.predict(x, batch_size=CHUNK, verbose=0)


def check_served(
    saved_model: str | Path, x: np.ndarray, probabilities: np.ndarray, precision: str
) -> None:
    """Raise StudyError unless the public serving signature answers the first inputs alike."""
    served = serve(saved_model, x[:FEW])
    apart = float(np.abs(served - probabilities[:FEW]).max())
    if not apart <= TOLERANCE[precision]:
        raise StudyError(
            f"{saved_model} answers otherwise than the model that was trained (probabilities "
            f"differ by {apart:.2g}): TensorFlow did not save it rightly; please report this"
        )


def serve(saved_model: str | Path, x: np.ndarray) -> np.ndarray:
    """Class probabilities (n, classes) by the model's public serving signature."""
    signature = tf.saved_model.load(str(saved_model)).signatures["serving_default"]
    (name,) = signature.structured_input_signature[1]
    return next(iter(signature(**{name: tf.constant(x)}).values())).numpy()


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
