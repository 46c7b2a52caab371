"""What a model takes: the shapes of its inputs, and made-up ones where a family has no data.

>>> resolved((None, None, 8), ["length", 8], {"length": 16})
(None, 16, 8)
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from tfscale.errors import StudyError

SIGNATURE = "serving_default"
MOST_NUMBERS = 2**26
"""Of all made-up batches together; a larger batch comes alone."""

Inputs = dict[str, dict]
"""What a model takes by name: shape (the batch first, None), dtype, perhaps low, high, values."""
Batch = dict[str, np.ndarray]
"""The inputs of a call by name."""


def signature_of(model: Any, place: str) -> Any:
    """The serving signature of a loaded SavedModel; raises StudyError where it has none."""
    known = list(model.signatures)
    if SIGNATURE in known:
        return model.signatures[SIGNATURE]
    raise StudyError(f"{place} has no signature {SIGNATURE}; it has {', '.join(known) or 'none'}")


def inputs_of(specs: Mapping[str, tf.TensorSpec], bounds: Mapping[str, dict], axes: dict) -> Inputs:
    """Every input by name: its shape behind the batch fixed, its dtype, and what `bounds` (INPUTS
    of the family) says of its values.

    Free dimensions are fixed by the shape in `bounds`, of numbers and names of `axes`. Raises
    StudyError that names an input that has another free one.
    """
    found = {}
    for name, spec in specs.items():
        told = about(name, bounds)
        shape = _shape(name, spec.shape, told, axes)
        found[name] = told | {"shape": list(shape), "dtype": spec.dtype.name}
    return found


def specs_of(inputs: Inputs) -> dict[str, tf.TensorSpec]:
    """TensorFlow's description of inputs from `inputs_of`."""
    return {
        name: tf.TensorSpec(one["shape"], tf.as_dtype(one["dtype"]), name)
        for name, one in inputs.items()
    }


def about(name: str, inputs: Mapping[str, dict]) -> dict:
    """What INPUTS says of an input; a single entry stands for an input that Keras named."""
    only = next(iter(inputs.values())) if len(inputs) == 1 and "keras_tensor" in name else {}
    return inputs.get(name, only)


def _shape(name: str, shape: tf.TensorShape, told: dict, axes: dict) -> tuple:
    if shape.rank is None:
        raise StudyError(f"the input {name} has no fixed number of dimensions, so none can be made")
    fixed = resolved(tuple(shape), told.get("shape", []), axes)
    free = [place for place, size in enumerate(fixed) if place and size is None]
    if not free:
        return fixed
    wanted = ["length" if place in free else size for place, size in enumerate(fixed)][1:]
    line = json.dumps({name: told | {"shape": wanted}})
    raise StudyError(
        f"dimension {free[0]} of the input {name} is free, as the batch is. Add an axis that fixes "
        f"it, say a parameter length, and write INPUTS = {line} beside build"
    )


def resolved(shape: Sequence[int | None], asked: Sequence[int | str], axes: dict) -> tuple:
    """A shape with the batch first, whose free dimensions are those asked for."""
    sizes = [axes.get(one, one) for one in asked]
    if not sizes or len(sizes) != len(shape) - 1:
        return tuple(shape)
    behind = zip(shape[1:], sizes, strict=True)
    return (shape[0], *(size if own is None else own for own, size in behind))


def made_up(inputs: Inputs, size: int, most: int, seed: int) -> list[Batch]:
    """At most `most` different batches of `size` examples, the same for the same seed.

    Floats lie in [0, 1) and whole numbers are 0 or 1, unless the input has low, high (not included)
    or values. An input without dimensions has no batch.
    """
    rng = np.random.default_rng(seed)
    numbers = sum(size * int(np.prod(one["shape"][1:])) for one in inputs.values())
    count = max(1, min(most, MOST_NUMBERS // max(numbers, 1)))
    return [
        {name: _values(name, one, size, rng) for name, one in inputs.items()} for _ in range(count)
    ]


def _values(name: str, told: dict, size: int, rng: np.random.Generator) -> np.ndarray:
    kind, shape = tf.as_dtype(told["dtype"]), tuple(told["shape"])
    if shape and shape[0] not in (None, size):
        raise StudyError(
            f"the input {name} takes batches of {shape[0]} and no others: write "
            f"batch_size: [{shape[0]}]"
        )
    shape = (size, *shape[1:]) if shape else ()
    if "values" in told:
        drawn = rng.choice(np.array(told["values"], kind.as_numpy_dtype), shape)
    elif kind.is_floating:
        drawn = rng.uniform(told.get("low", 0.0), told.get("high", 1.0), shape)
    elif kind.is_integer or kind == tf.bool:
        drawn = rng.integers(told.get("low", 0), told.get("high", 2), shape)
    elif kind == tf.string:
        return np.full(shape, b"a text", object)
    else:
        raise StudyError(f"no values can be made up for the input {name} of {kind.name}")
    return np.asarray(drawn).astype(kind.as_numpy_dtype)


def by_name(inputs: Inputs, x: np.ndarray | Batch) -> Batch:
    """Examples as the model takes them, of its types: an array is its only input."""
    named = x if isinstance(x, dict) else dict.fromkeys(list(inputs)[:1], x)
    if set(named) != set(inputs):
        raise StudyError(
            f"the model takes {', '.join(inputs)}, but its data has {', '.join(named)}: give the "
            "inputs of the model these names"
        )
    return {
        name: named[name].astype(tf.as_dtype(one["dtype"]).as_numpy_dtype, copy=False)
        for name, one in inputs.items()
    }
