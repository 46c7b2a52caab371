"""The trained models on the page: their structure, and what they predict of a few test inputs."""

import base64
import io
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

POOL = 100
"""Predictions are picked from so many test inputs of a shape: models then share their pictures."""
SHOWN = 6
"""Correct predictions of a model, and as many wrong ones, where there are that many."""
MOST_MODELS = 500
"""Of larger studies the page names the files and holds none of them."""
SIDE = 28
"""Rows and columns of a picture; larger ones are scaled down."""


def trained_models(
    shapes: dict[str, str], structures: list[str], predictions: list[str], images: list[str]
) -> dict[str, dict]:
    """What the page shows of the trained models, by name.

    `shapes` maps a trained model to the name of its encoded data (mnist_input28); the other
    three are files: a structure and predictions a model, and encoded data with pictures in it.
    Returns `models` (name: structure, and rows of input, predicted, probability, correct) and
    `pools` (shape: labels, and by input its actual label with an image or a review).
    """
    if len(predictions) > MOST_MODELS:
        return {"models": {}, "pools": {}}
    texts = {Path(path).parent.name: Path(path).read_text(encoding="utf-8") for path in structures}
    pictures = {Path(path).stem: _pictures(path) for path in images}
    models, pools = {}, {shape: _Pool() for shape in shapes.values()}
    for path in predictions:
        name = Path(path).parent.name
        if name in shapes:
            shape = shapes[name]
            rows = pools[shape].add(_picked(path), pictures.get(shape))
            models[name] = {"structure": texts.get(name, ""), "rows": rows}
    return {"models": models, "pools": {shape: pool.content() for shape, pool in pools.items()}}


def samples(shown: dict[str, dict], chosen: dict[str, str], shapes: dict[str, str]) -> list[dict]:
    """For each kind of model (`chosen`: kind to trained model) its rows in words, for the page
    that is read without scripts."""
    tables = []
    for kind, name in chosen.items():
        if name not in shown["models"]:
            continue
        pool = shown["pools"][shapes[name]]
        rows = [
            {"input": number, "predicted": pool["labels"][guess], "probability": probability}
            | {"correct": bool(correct)}
            | pool["inputs"][str(number)]
            | {"actual": pool["labels"][pool["inputs"][str(number)]["actual"]]}
            for number, guess, probability, correct in shown["models"][name]["rows"]
        ]
        tables.append({"kind": kind, "trained": name, "rows": rows})
    return tables


class _Pool:
    """Test inputs of one shape that some model's predictions show."""

    def __init__(self) -> None:
        self.labels: dict[str, int] = {}
        self.inputs: dict[str, dict] = {}

    def add(self, table: pd.DataFrame, pictures: np.ndarray | None) -> list[list]:
        """Take in the inputs of the table; returns its rows in short."""
        rows = []
        for row in table.to_dict("records"):
            number, guess = str(row["input"]), self._label(row["predicted"])
            if number not in self.inputs:
                self.inputs[number] = {"actual": self._label(row["actual"])} | _seen(row, pictures)
            rows.append(
                [row["input"], guess, round(float(row["probability"]), 3), int(row["correct"])]
            )
        return rows

    def _label(self, text: str) -> int:
        return self.labels.setdefault(text, len(self.labels))

    def content(self) -> dict:
        """The pool as the page reads it."""
        return {"labels": list(self.labels), "inputs": self.inputs}


def _seen(row: dict, pictures: np.ndarray | None) -> dict[str, str]:
    """The review, the image, or nothing, of a test input."""
    if "review" in row:
        return {"review": row["review"]}
    return {} if pictures is None else {"image": _data_uri(pictures[row["input"]])}


def _picked(path: str) -> pd.DataFrame:
    """Correct ones first, then wrong ones, of the first test inputs."""
    table = pd.read_parquet(path).head(POOL)
    right, wrong = table[table["correct"]], table[~table["correct"]]
    return pd.concat([right.head(SHOWN), wrong.head(SHOWN)])


def _pictures(path: str) -> np.ndarray:
    with np.load(path, allow_pickle=False) as arrays:
        return arrays["x_test"][:POOL]


def _data_uri(picture: np.ndarray) -> str:
    image = Image.fromarray(picture)
    image.thumbnail((SIDE, SIDE))
    buffer = io.BytesIO()
    image.save(buffer, "PNG", optimize=True)
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"
