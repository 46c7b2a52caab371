"""Images of garments: read from idx files and resized."""

import numpy as np
from PIL import Image

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
