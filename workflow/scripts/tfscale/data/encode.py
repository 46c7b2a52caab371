"""Encode real or built-in data as arrays for one input size."""

import re
from collections import Counter

import numpy as np
from PIL import Image

from tfscale.data.builtin import garments, reviews
from tfscale.data.encoded import IMAGE, save
from tfscale.data.sources import check_payloads

GARMENTS = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)


def read_idx(path: str) -> np.ndarray:
    """The array of bytes in an idx file: big-endian sizes behind a magic number."""
    with open(path, "rb") as file:
        magic = file.read(4)
        shape = [int.from_bytes(file.read(4), "big") for _ in range(magic[3])]
        return np.frombuffer(file.read(), dtype=np.uint8).reshape(shape)


def resized(images: np.ndarray, size: int) -> np.ndarray:
    """Grey images uint8 (n, rows, columns) as (n, size, size), bilinear with antialiasing."""
    if images.shape[1:] == (size, size):
        return images
    target = (size, size)
    return np.stack(
        [
            np.asarray(Image.fromarray(image).resize(target, Image.Resampling.BILINEAR))
            for image in images
        ]
    )


PADDING, UNKNOWN = 0, 1
_RULES = [
    (r"[^A-Za-z0-9(),!?\'\`]", " "),
    (r"\'s", " 's"),
    (r"\'ve", " 've"),
    (r"n\'t", " n't"),
    (r"\'re", " 're"),
    (r"\'d", " 'd"),
    (r"\'ll", " 'll"),
    (r",", " , "),
    (r"!", " ! "),
    (r"\(", " ( "),
    (r"\)", " ) "),
    (r"\?", " ? "),
    (r"\s{2,}", " "),
]


def clean(review: str) -> str:
    """Apply the cleaning rules of Kim (2014), "Convolutional neural networks for sentence
    classification": the paper's tokenizer."""
    for pattern, replacement in _RULES:
        review = re.sub(pattern, replacement, review)
    return review.strip().lower()


def vocabulary_of(reviews: list[str]) -> dict[str, int]:
    """Token ids from 2 up, the most frequent token first; 0 is padding and 1 unknown."""
    counts = Counter(token for review in reviews for token in clean(review).split())
    ranked = sorted(counts, key=lambda token: (-counts[token], token))
    return {token: number for number, token in enumerate(ranked, start=2)}


def encode_reviews(reviews: list[str], vocabulary: dict[str, int], size: int) -> np.ndarray:
    """Token ids, int32 of shape (reviews, size); padded or cut at the end."""
    ids = np.full((len(reviews), size), PADDING, dtype=np.int32)
    for row, review in zip(ids, reviews, strict=True):
        tokens = clean(review).split()[:size]
        row[: len(tokens)] = [vocabulary.get(token, UNKNOWN) for token in tokens]
    return ids


def read_reviews(path: str) -> list[str]:
    """One review a line, latin-1."""
    with open(path, encoding="latin-1", newline="\n") as file:
        return [line.strip() for line in file if line.strip()]


TEST_SHARE_OF_REVIEWS = 0.2


def encode(
    dataset: str,
    input_size: int,
    raw: list[str],
    seed: int,
    validation_share: float,
    arrays: str,
    manifest: str,
) -> None:
    """Encode a data set at `input_size`; `raw` is empty for the built-in data.

    Images keep their published test set; reviews are split 80/20. The validation examples come
    from the training data, and everything follows from the seed. Raises StudyError when a raw file
    is not the published one.
    """
    check_payloads(raw)
    rng = np.random.default_rng(seed)
    encoder = _images if dataset == "fashion-mnist" else _reviews
    data, facts = encoder(input_size, raw, seed, rng)
    order = rng.permutation(len(data["x_train"]))
    cut = max(1, round(validation_share * len(order)))
    for name in ("x", "y"):
        whole = data[f"{name}_train"]
        data[f"{name}_validation"], data[f"{name}_train"] = whole[order[:cut]], whole[order[cut:]]
    source = "real" if raw else "builtin"
    about = {"dataset": dataset, "input_size": input_size, "source": source} | facts
    save(arrays, manifest, data, about)


def _images(size: int, raw: list[str], seed: int, rng: np.random.Generator) -> tuple[dict, dict]:
    """Images stay bytes in the file (a quarter of the size) and are scaled when they are loaded."""
    parts = [read_idx(path) for path in raw] if raw else garments(seed)
    x_train, y_train, x_test, y_test = parts
    data = {"x_train": resized(x_train, size), "y_train": y_train}
    data |= {"x_test": resized(x_test, size), "y_test": y_test, IMAGE: np.array(True)}
    return data, {"labels": list(GARMENTS), "vocabulary": 0}


def _reviews(size: int, raw: list[str], seed: int, rng: np.random.Generator) -> tuple[dict, dict]:
    positive, negative = [read_reviews(path) for path in raw] if raw else reviews(seed)
    texts = np.array(positive + negative)
    labels = np.repeat(np.array([1, 0], dtype=np.uint8), [len(positive), len(negative)])
    order = rng.permutation(len(texts))
    cut = round(TEST_SHARE_OF_REVIEWS * len(order))
    test, train = order[:cut], order[cut:]
    vocabulary = vocabulary_of(texts[train].tolist())
    data = {"texts": texts[test], "y_train": labels[train], "y_test": labels[test]}
    for name, rows in (("train", train), ("test", test)):
        data[f"x_{name}"] = encode_reviews(texts[rows].tolist(), vocabulary, size)
    rows_of_embedding = len(vocabulary) + UNKNOWN + 1
    return data, {"labels": ["negative", "positive"], "vocabulary": rows_of_embedding}
