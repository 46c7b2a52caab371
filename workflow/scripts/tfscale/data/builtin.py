"""Make up images and reviews that need no network, to try a study with.

They are learnable and the same on every machine; results made with them say so.
"""

import numpy as np
from PIL import Image, ImageDraw

SIZE = 28
TRAIN_IMAGES, TEST_IMAGES = 12_000, 2_000
REVIEWS_OF_A_KIND = 5331
OUTLINES = """\
3,6 10,4 18,4 25,6 25,12 20,12 20,24 8,24 8,12 3,12
9,3 19,3 20,25 15,25 14,9 13,25 8,25
2,22 7,4 12,6 16,6 21,4 26,22 22,23 20,12 20,24 8,24 8,12 6,23
11,3 17,3 16,11 22,25 6,25 12,11
3,24 7,3 14,7 21,3 25,24 15,25 14,10 13,25
3,20 10,15 12,18 18,12 20,15 25,19 25,21 3,22
4,7 11,3 14,7 17,3 24,7 23,18 20,18 20,25 8,25 8,18 5,18
3,16 9,14 16,9 21,13 25,15 25,20 3,20
5,12 10,12 10,7 18,7 18,12 23,12 24,24 4,24 5,14
8,4 16,4 16,15 24,18 25,23 8,23
"""
"""Corners (column, row) of a garment a line, in the order of its labels."""
SUBJECTS = [
    "the film",
    "the plot",
    "this movie",
    "the acting",
    "the script",
    "its director",
    "the cast",
    "the story",
    "the camera work",
    "every scene",
    "the music",
    "the ending",
]
POLAR = {
    1: [
        "moving",
        "funny",
        "brilliant",
        "tender",
        "gripping",
        "wise",
        "charming",
        "fresh",
        "superb",
        "honest",
    ],
    0: [
        "dull",
        "clumsy",
        "tedious",
        "hollow",
        "silly",
        "bland",
        "lifeless",
        "stale",
        "awful",
        "pointless",
    ],
}
FILLERS = [
    "a bit",
    "truly",
    "at times",
    "from start to finish",
    "for once",
    "as expected",
    "somehow",
]
ENDINGS = [
    "",
    "despite its length .",
    "and i would say so to anyone .",
    "whatever the critics write .",
    "which surprised me !",
    "or so it seemed (to me) .",
]


def garments(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Train images, train labels, test images, test labels; images uint8 (n, 28, 28)."""
    rng = np.random.default_rng(seed)
    outlines = [_corners(line) for line in OUTLINES.splitlines()]
    labels = rng.integers(0, len(outlines), TRAIN_IMAGES + TEST_IMAGES).astype(np.uint8)
    images = np.stack([_draw(outlines[label], rng) for label in labels])
    noise = rng.normal(0, 18, images.shape)
    images = np.clip(images + noise * (images > 0), 0, 255).astype(np.uint8)
    cut = TRAIN_IMAGES
    return images[:cut], labels[:cut], images[cut:], labels[cut:]


def _corners(line: str) -> np.ndarray:
    return np.array([[int(place) for place in corner.split(",")] for corner in line.split()])


def _draw(outline: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """One silhouette, shifted, scaled and shaded at random."""
    centre = SIZE / 2
    scale, shift = rng.uniform(0.75, 1.05, 2), rng.uniform(-1.5, 1.5, 2)
    points = (outline - centre + rng.normal(0, 0.5, outline.shape)) * scale
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
