"""What a family's file does in jobs: it builds the Keras model of a cell, and gives data."""

import importlib.util
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import keras
import numpy as np

from tfscale.data.encoded import save
from tfscale.errors import StudyError, reason
from tfscale.study.families import PIPELINE


def load(source: str) -> ModuleType:
    """Import a family's file, with its own folder before all others.

    Raises StudyError when that fails; the traceback is printed.
    """
    path = Path(source.replace("<pipeline>", str(PIPELINE)))
    sys.path.insert(0, str(path.parent.resolve()))
    spec = importlib.util.spec_from_file_location(f"family_{path.stem}", path)
    module = importlib.util.module_from_spec(spec)  # type: ignore[arg-type]
    asked(source, "import", lambda: spec.loader.exec_module(module))  # type: ignore[union-attr]
    return module


def asked(source: str, what: str, function: Callable[[], Any]) -> Any:
    """What a user's function answers; whatever it raises becomes a StudyError of one line, and its
    traceback is printed."""
    try:
        return function()
    except StudyError:
        raise
    except Exception as error:
        traceback.print_exc()
        kind = type(error).__name__
        raise StudyError(f"{source}: {what} fails: {kind}: {reason(error)}") from None


def build(family: dict, axes: dict[str, Any], precision: str = "float32") -> keras.Model:
    """The model that `build` makes of the axes, with weights and activations of a precision and
    outputs in float32.

    `family` names source, axes and inputs (see `Study.job_family`); a class of the user's own that
    knows no input yet gets those that `inputs` describes. Raises StudyError when `build` fails, or
    returns no Keras model.
    """
    source, own = family["source"], {axis: axes[axis] for axis in family["axes"]}
    what = f"build({', '.join(f'{name}={value!r}' for name, value in own.items())})"
    module = load(source)
    keras.config.set_dtype_policy(precision)
    try:
        model = asked(source, what, lambda: module.build(**own))
        if not isinstance(model, keras.Model):
            raise StudyError(f"{source}: {what} returns {type(model).__name__}, not a Keras model")
        if not model.built and family["inputs"]:
            model = asked(source, what, lambda: _with_inputs(model, family["inputs"], axes))
    finally:
        keras.config.set_dtype_policy("float32")
    return model if precision == "float32" else asked(source, what, lambda: _in_float32(model))


def _with_inputs(model: keras.Model, inputs: dict[str, dict], axes: dict) -> keras.Model:
    tensors = {
        name: keras.Input(
            [axes.get(size, size) for size in about["shape"]],
            dtype=about.get("dtype", "float32"),
            name=name,
        )
        for name, about in inputs.items()
    }
    only = next(iter(tensors.values())) if len(tensors) == 1 else tensors
    return keras.Model(only, model(only))


def _in_float32(model: keras.Model) -> keras.Model:
    cast = keras.layers.Identity(dtype="float32")
    if isinstance(model, keras.Sequential):  # it has no output of its own before its first call
        return keras.Model(model.inputs[0], cast(model.outputs[0]))
    return keras.Model(model.input, keras.tree.map_structure(cast, model.output))


def data_of(source: str, split: str, seed: int, axes: dict[str, Any]) -> tuple[Any, np.ndarray]:
    """Inputs (an array, or one by name) and labels of a split, as the family's `data` gives them.

    Raises StudyError when it fails or gives something else.
    """
    what = f"data({split!r})"
    given = asked(source, what, lambda: load(source).data(split, seed, **axes))
    if not isinstance(given, tuple) or len(given) != 2:
        raise StudyError(f"{source}: {what} must return (x, y)")
    x, y = given
    x = {name: np.asarray(part) for name, part in x.items()} if isinstance(x, dict) else np.array(x)
    y = np.asarray(y)
    sizes = {len(part) for part in (x.values() if isinstance(x, dict) else [x])}
    if sizes != {len(y)} or not len(y):
        raise StudyError(f"{source}: {what} returns {len(y)} labels for inputs of another number")
    if y.ndim != 1 or not np.issubdtype(y.dtype, np.integer) or y.min() < 0:
        raise StudyError(f"{source}: {what} must return one whole number from 0 a label (a class)")
    return x, y


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
