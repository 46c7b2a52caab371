"""Movie reviews as token ids: cleaned and tokenized as the paper did."""

import re
from collections import Counter

import numpy as np

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


def encode(reviews: list[str], vocabulary: dict[str, int], size: int) -> np.ndarray:
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
