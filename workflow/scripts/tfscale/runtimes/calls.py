"""What every runtime gives and gets: calls by number, and the batches that they take.

A runtime is a module here that is named as in the grid. It has `load(model, axes, batches)`, which
gives the `Calls` of a model, and PACKAGES, whose versions stand with the environment; one that
reads no SavedModel has `convert(saved_model, folder)` too, which writes what `load` reads. Its
library is imported by its functions, so that no other runtime needs it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from tfscale.data.encoded import load as load_split
from tfscale.errors import StudyError
from tfscale.models.inputs import Batch, by_name, made_up

MOST_BATCHES = 8


def _nothing() -> None:
    """Do nothing."""


@dataclass(frozen=True)
class Calls:
    """Ways to make call number i to its end; call i takes batch i modulo their number.

    `fetched` is the call that is timed, its outputs on the host, several of them in the order of
    their names. `unfetched` leaves the outputs on the device and `copy` only puts a batch there;
    both are None where the runtime does all in one. `wait` returns when the device has ended all
    work, `peak_bytes` says how much of a GPU's memory was used, `kept` must live as long as they.
    """

    fetched: Callable[[int], object]
    unfetched: Callable[[int], object] | None = None
    copy: Callable[[int], object] | None = None
    device: str = "CPU"
    wait: Callable[[], None] = _nothing
    peak_bytes: Callable[[], int | None] = _nothing
    kept: object = None


def by_places(
    put: Callable[[int, Any], object],
    run: Callable[[], object],
    get: Callable[[int], Any],
    given: list[list[tuple[int, Any]]],
    outputs: list[int],
) -> Callable[[int], object]:
    """The call of a runtime whose inputs and outputs have places: put what is `given` of a batch,
    run, get the outputs; an only one without a list, which would cost a small call 3 %."""
    count = len(given)

    def several(index: int) -> list:
        for place, part in given[index % count]:
            put(place, part)
        run()
        return [get(place) for place in outputs]

    if len(outputs) > 1:
        return several
    (output,) = outputs

    def one(index: int) -> object:
        for place, part in given[index % count]:
            put(place, part)
        run()
        return get(output)

    return one


def module_of(runtime: str) -> Any:
    """The module of a runtime."""
    return import_module(f"tfscale.runtimes.{runtime}")


def batches(cell: dict, arrays: str | None, most: int) -> list[Batch]:
    """Up to 8 distinct batches of a model's inputs: of the first `most` test inputs in the file
    `arrays`, or made up where there is none.

    `cell` holds axes, inputs (see `models.inputs`) and seed.
    """
    inputs, size = cell["inputs"], cell["axes"]["batch_size"]
    if not arrays:
        return made_up(inputs, size, MOST_BATCHES, cell["seed"])
    x = by_name(inputs, load_split(arrays, "test", min(most, MOST_BATCHES * size)).x)
    there = len(next(iter(x.values())))
    if there < size:
        raise StudyError(f"batch_size {size} is larger than the {there} test inputs of its data")
    return [
        {name: part[i * size : (i + 1) * size] for name, part in x.items()}
        for i in range(min(MOST_BATCHES, there // size))
    ]
