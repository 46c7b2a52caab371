"""From payloads or built-in data to arrays.

For demos and tests without a network. Learnable, the same on every machine, and named as
built-in wherever its results appear.
"""

import re
from collections import Counter

import numpy as np
from PIL import Image, ImageDraw

from tfscale.data.encoded import save
from tfscale.data.sources import check_payloads

GARMENTS = (
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat",
    "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
)  # fmt: skip


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


def read(path: str) -> list[str]:
    """One review a line, latin-1."""
    with open(path, encoding="latin-1", newline="\n") as file:
        return [line.strip() for line in file if line.strip()]


# ruff: noqa: E501

SIZE = 28
TRAIN_IMAGES, TEST_IMAGES = 12_000, 2_000
REVIEWS_OF_A_KIND = 5331
OUTLINES: list[list[tuple[float, float]]] = [
    [(3, 6), (10, 4), (18, 4), (25, 6), (25, 12), (20, 12), (20, 24), (8, 24), (8, 12), (3, 12)],
    [(9, 3), (19, 3), (20, 25), (15, 25), (14, 9), (13, 25), (8, 25)],
    [(2, 22), (7, 4), (12, 6), (16, 6), (21, 4), (26, 22), (22, 23), (20, 12), (20, 24), (8, 24), (8, 12), (6, 23)],
    [(11, 3), (17, 3), (16, 11), (22, 25), (6, 25), (12, 11)],
    [(3, 24), (7, 3), (14, 7), (21, 3), (25, 24), (15, 25), (14, 10), (13, 25)],
    [(3, 20), (10, 15), (12, 18), (18, 12), (20, 15), (25, 19), (25, 21), (3, 22)],
    [(4, 7), (11, 3), (14, 7), (17, 3), (24, 7), (23, 18), (20, 18), (20, 25), (8, 25), (8, 18), (5, 18)],
    [(3, 16), (9, 14), (16, 9), (21, 13), (25, 15), (25, 20), (3, 20)],
    [(5, 12), (10, 12), (10, 7), (18, 7), (18, 12), (23, 12), (24, 24), (4, 24), (5, 14)],
    [(8, 4), (16, 4), (16, 15), (24, 18), (25, 23), (8, 23)],
]  # fmt: skip
SUBJECTS = ["the film", "the plot", "this movie", "the acting", "the script", "its director", "the cast",
            "the story", "the camera work", "every scene", "the music", "the ending"]  # fmt: skip
POLAR = {
    1: ["moving", "funny", "brilliant", "tender", "gripping", "wise", "charming", "fresh", "superb", "honest"],
    0: ["dull", "clumsy", "tedious", "hollow", "silly", "bland", "lifeless", "stale", "awful", "pointless"],
}  # fmt: skip
FILLERS = [
    "a bit",
    "truly",
    "at times",
    "from start to finish",
    "for once",
    "as expected",
    "somehow",
]
ENDINGS = ["", "despite its length .", "and i would say so to anyone .", "whatever the critics write .",
           "which surprised me !", "or so it seemed (to me) ."]  # fmt: skip


def garments(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Train images, train labels, test images, test labels; images uint8 (n, 28, 28)."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, len(OUTLINES), TRAIN_IMAGES + TEST_IMAGES).astype(np.uint8)
    images = np.stack([_draw(OUTLINES[label], rng) for label in labels])
    noise = rng.normal(0, 18, images.shape)
    images = np.clip(images + noise * (images > 0), 0, 255).astype(np.uint8)
    cut = TRAIN_IMAGES
    return images[:cut], labels[:cut], images[cut:], labels[cut:]


def _draw(outline: list[tuple[float, float]], rng: np.random.Generator) -> np.ndarray:
    """One silhouette, shifted, scaled and shaded at random."""
    centre = SIZE / 2
    scale, shift = rng.uniform(0.75, 1.05, 2), rng.uniform(-1.5, 1.5, 2)
    points = (np.array(outline) - centre + rng.normal(0, 0.5, (len(outline), 2))) * scale
    image = Image.new("L", (SIZE, SIZE))
    corners = [tuple(point) for point in points + centre + shift]
    ImageDraw.Draw(image).polygon(corners, fill=int(rng.integers(90, 240)))
    return np.asarray(image, dtype=float)


def reviews(seed: int) -> tuple[list[str], list[str]]:
    """Positive and negative reviews; one in twelve contains a word of the other kind."""
    rng = np.random.default_rng(seed)
    return (
        [_review(1, rng) for _ in range(REVIEWS_OF_A_KIND)],
        [_review(0, rng) for _ in range(REVIEWS_OF_A_KIND)],
    )


def _review(kind: int, rng: np.random.Generator) -> str:
    words = [kind if rng.random() > 1 / 12 else 1 - kind, kind]
    parts = [
        f"{rng.choice(SUBJECTS)} is {rng.choice(FILLERS)} {rng.choice(POLAR[word])}"
        for word in words
    ]
    return f"{parts[0]} , and {parts[1]} {rng.choice(ENDINGS)}".strip()


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
    check_payloads(raw)
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
    parts = [read_idx(path) for path in raw] if raw else garments(seed)
    x_train, y_train, x_test, y_test = parts
    data = {"x_train": resized(x_train, size), "y_train": y_train}
    data |= {"x_test": resized(x_test, size), "y_test": y_test}
    return data, {"labels": list(GARMENTS), "vocabulary": 0}


def _reviews(size: int, raw: list[str], seed: int, rng: np.random.Generator) -> tuple[dict, dict]:
    positive, negative = [read(path) for path in raw] if raw else reviews(seed)
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
