"""From raw payloads (or the built-in data) to the arrays that models are trained and timed on."""

import numpy as np

from tfscale.data import builtin, images, reviews
from tfscale.data.encoded import save

TEST_SHARE_OF_REVIEWS = 0.2


def encode(
    model: str,
    input_size: int,
    raw: list[str],
    seed: int,
    validation_share: float,
    arrays: str,
    manifest: str,
) -> None:
    """Encode the data of `model` at `input_size`; `raw` is empty for the built-in data.

    Images keep their published test set; reviews are split 80/20. The validation examples come
    from the training data, and everything follows from the seed.
    """
    rng = np.random.default_rng(seed)
    encoder = _images if model == "mnist" else _reviews
    data, facts = encoder(input_size, raw, seed, rng)
    order = rng.permutation(len(data["x_train"]))
    cut = max(1, round(validation_share * len(order)))
    for name in ("x", "y"):
        whole = data[f"{name}_train"]
        data[f"{name}_validation"], data[f"{name}_train"] = whole[order[:cut]], whole[order[cut:]]
    source = "real" if raw else "builtin"
    save(
        arrays, manifest, data, {"model": model, "input_size": input_size, "source": source} | facts
    )


def _images(size: int, raw: list[str], seed: int, rng: np.random.Generator) -> tuple[dict, dict]:
    """Images stay bytes in the file (a quarter of the size) and are scaled when they are loaded."""
    parts = [images.read_idx(path) for path in raw] if raw else builtin.garments(seed)
    x_train, y_train, x_test, y_test = parts
    data = {"x_train": images.resized(x_train, size), "y_train": y_train}
    data |= {"x_test": images.resized(x_test, size), "y_test": y_test}
    return data, {"labels": list(images.GARMENTS), "vocabulary": 0}


def _reviews(size: int, raw: list[str], seed: int, rng: np.random.Generator) -> tuple[dict, dict]:
    positive, negative = [reviews.read(path) for path in raw] if raw else builtin.reviews(seed)
    texts = np.array(positive + negative)
    labels = np.repeat(np.array([1, 0], dtype=np.uint8), [len(positive), len(negative)])
    order = rng.permutation(len(texts))
    cut = round(TEST_SHARE_OF_REVIEWS * len(order))
    test, train = order[:cut], order[cut:]
    vocabulary = reviews.vocabulary_of(texts[train].tolist())
    data = {"texts": texts[test], "y_train": labels[train], "y_test": labels[test]}
    for name, rows in (("train", train), ("test", test)):
        data[f"x_{name}"] = reviews.encode(texts[rows].tolist(), vocabulary, size)
    rows_of_embedding = len(vocabulary) + reviews.UNKNOWN + 1
    return data, {"labels": ["negative", "positive"], "vocabulary": rows_of_embedding}
