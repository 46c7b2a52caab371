"""Write and read encoded data: one .npz file with a small manifest beside it."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tfscale.files.whole import replacing, write_text

LEVELS = np.arange(256, dtype=np.float32) / 255
"""The brightness of each byte of an image."""


IMAGE = "image"
"""Stands in a file whose inputs are images kept as bytes."""
Inputs = np.ndarray | dict[str, np.ndarray]
"""An array of examples, or one by the name of the input."""


@dataclass(frozen=True)
class Split:
    """Inputs and labels: images float32 (n, S, S, 1) in [0, 1], token ids int32 (n, S), or what a
    family's own data is.

    Images that are not scaled are `bytes`: a quarter of the memory.
    """

    x: Inputs
    y: np.ndarray
    bytes: bool = False

    def first(self, count: int) -> "Split":
        """The first examples."""
        x = self.x
        few = {name: part[:count] for name, part in x.items()} if isinstance(x, dict) else x[:count]
        return Split(few, self.y[:count], self.bytes)


def save(path: str, manifest_path: str, arrays: dict[str, np.ndarray], facts: dict) -> None:
    """Write the arrays (x_train, y_train, ..., optionally texts) and their manifest.

    The manifest holds the facts and a digest of the content, so that what depends on the data
    reruns when the content changes and not when the file is copied.
    """
    digest = hashlib.sha256()
    for name in sorted(arrays):
        digest.update(name.encode() + np.ascontiguousarray(arrays[name]).tobytes())
    with replacing(path) as temporary, temporary.open("wb") as file:
        np.savez(file, **arrays)  # type: ignore[arg-type]
    facts |= {
        f"{name}_examples": len(arrays[f"y_{name}"]) for name in ("train", "validation", "test")
    }
    write_text(manifest_path, json.dumps(facts | {"sha256": digest.hexdigest()}, indent=2) + "\n")


def read_manifest(path: str | Path) -> dict:
    """What the manifest says: source, labels, examples, sha256, and what the data set adds."""
    return json.loads(Path(path).read_text())


def load(path: str, split: str, count: int | None = None, scaled: bool = True) -> Split:
    """The first `count` examples of a split (train, validation or test), ready for the model
    unless `scaled` is false."""
    with np.load(path, allow_pickle=False) as arrays:
        own = f"x_{split}"
        y = arrays[f"y_{split}"][:count]
        if own not in arrays:
            named = [name for name in arrays if name.startswith(f"{own}/")]
            return Split({name.partition("/")[2]: arrays[name][:count] for name in named}, y)
        x, images = arrays[own][:count], IMAGE in arrays
    if images:
        x = LEVELS[x[..., np.newaxis]] if scaled else x[..., np.newaxis]
    return Split(x, y, bytes=images and not scaled)


def load_texts(path: str, count: int) -> list[str] | None:
    """The review texts of the first `count` test inputs, or None for images."""
    with np.load(path, allow_pickle=False) as arrays:
        return arrays["texts"][:count].tolist() if "texts" in arrays else None
