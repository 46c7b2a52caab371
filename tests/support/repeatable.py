"""Does in a fresh process what must come out alike every time; prints a digest of each part.

python repeatable.py <folder> <seed>: the order of the cells, encoded data and its splits, fits, and
the weights of deterministic trainings.
"""

import hashlib
import json
import os
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [
    str(HERE),
    str(HERE.parents[1] / "workflow" / "scripts"),
]
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np  # noqa: E402
import yaml  # noqa: E402
from paths import ROOT  # noqa: E402

MODELS = {"mnist": "fashion-mnist", "text": "movie-reviews"}
SIZE, SHARE, THREADS = 14, 0.1, 2
RECIPE = {
    "epochs": 2,
    "learning_rate": 0.001,
    "budget_tflop": None,
    "max_steps": 12,
    "deterministic": True,
}


def plan(seed: int) -> bytes:
    """The cells, the trained models and the order in which all is done."""
    from tfscale.study.study import Study

    config = yaml.safe_load((ROOT / "config.yaml").read_text()) | {"seed": seed}
    study = Study.from_config(config)
    runs = [(cell, number) for cell in study.cells for number in study.rounds]
    runs.sort(key=lambda run: study.priority(*run))
    order = sorted(study.trained, key=study.training_priority)
    return json.dumps([list(study.cells.items()), order, runs, study.shapes]).encode()


def data(folder: Path, seed: int) -> dict[str, bytes]:
    """The encoded data of both models, file by file."""
    from tfscale.data.encode import encode

    for model, dataset in MODELS.items():
        arrays, manifest = f"{folder}/{model}.npz", f"{folder}/{model}.json"
        encode(dataset, SIZE, [], seed, SHARE, arrays, manifest)
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def fits(folder: Path, seed: int) -> dict[str, bytes]:
    """Every fitted table and the findings."""
    from dataclasses import replace

    from paper_families import PAPER_FAMILIES

    from tfscale.axes import adopt

    adopt(PAPER_FAMILIES)
    from made_study import PLAN, a_study, fitted

    folder.mkdir()
    study = a_study(layers=(4, 6, 8), batch_size=(1, 4, 16), conv_size=(3, 5))
    fitted(folder, study, plan=replace(PLAN, seed=seed))
    return {path.name: path.read_bytes() for path in sorted((folder / "fits").iterdir())}


def weights(folder: Path, seed: int) -> dict[str, bytes]:
    """The weights of one trained model of each kind, with several threads."""
    from models_of import built

    from tfscale.data.encoded import load
    from tfscale.models.quick import quick
    from tfscale.models.training import configure, train

    configure(THREADS, seed, RECIPE["deterministic"])
    trained = {}
    for model in MODELS:
        arrays = f"{folder}/{model}.npz"
        splits = load(arrays, "train", 2000, scaled=False), load(arrays, "validation", 200)
        made = quick(built(model, layers=4, conv_size=3, input_size=SIZE, dropout=0.5))
        train(made, 1e6, RECIPE | {"batch_size": 32}, splits, seed)
        trained[model] = b"".join(np.ascontiguousarray(part) for part in made.get_weights())
    return trained


def digests(parts: dict[str, bytes]) -> dict[str, str]:
    return {name: hashlib.sha256(content).hexdigest() for name, content in parts.items()}


if __name__ == "__main__":
    target, number = Path(sys.argv[1]), int(sys.argv[2])
    (target / "data").mkdir(parents=True)
    found = {
        "plan": digests({"order": plan(number)}),
        "data": digests(data(target / "data", number)),
        "fits": digests(fits(target / "fits", number)),
        "weights": digests(weights(target / "data", number)),
    }
    print("\n" + json.dumps(found))
