"""Keep what a family's own `data` gives, as the pipeline keeps its data sets."""

import numpy as np

from tfscale.data.encoded import save
from tfscale.errors import StudyError
from tfscale.models.family import data_of

SPLITS = ("train", "validation", "test")


def collect(axes: dict, family: dict, seed: int, arrays: str, manifest: str) -> str:
    """Ask the family's `data` for its three splits, and write arrays and manifest; returns what it
    gave in a line.

    `axes` are those that its parameters name. Raises StudyError that names a split that cannot be
    used.
    """
    kept: dict[str, np.ndarray] = {}
    labels = 0
    for split in SPLITS:
        x, y = data_of(family["source"], split, seed, axes)
        parts = (
            {f"x_{split}/{name}": part for name, part in x.items()}
            if isinstance(x, dict)
            else {f"x_{split}": x}
        )
        if any(part.dtype == object for part in parts.values()):
            raise StudyError(f"{family['source']}: data({split!r}) gives lists of unequal lengths")
        kept |= parts | {f"y_{split}": y}
        labels = max(labels, 1 + int(y.max()))
    names = [str(label) for label in range(labels)]
    save(arrays, manifest, kept, {"source": "own", "labels": names})
    return ", ".join(f"{len(kept[f'y_{split}']):,} {split} examples" for split in SPLITS)
