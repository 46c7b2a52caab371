"""The axes of the grid, and the names of cells made from them.

>>> cell_name(defaults() | {"model": "mnist", "layers": 4, "batch_size": 16})
'mnist_layers4_batch16_threads1'
"""

from dataclasses import dataclass
from typing import Any

Cell = dict[str, Any]
"""One value on every axis."""


@dataclass(frozen=True)
class Axis:
    """One degree of freedom.

    `kind` is the type of its values (numbers have an order and a law, texts and truth values
    are compared in pairs), `default` the value of a sub-grid that does not name it (None: it must
    be named). `trains` says whether it touches the weights; a `quiet` axis stays out of names at
    its default.
    """

    short: str
    kind: type = int
    default: int | str | bool | None = None
    trains: bool = True
    quiet: bool = False

    def in_name(self, value: int | str | bool) -> str:
        """Its part of a cell's name: short form and value; nothing for a quiet default."""
        if self.quiet and value == self.default:
            return ""
        return self.short if value is True else f"{self.short}{value}"


AXES = {
    "model": Axis("", str),
    "layers": Axis("layers"),
    "batch_size": Axis("batch"),
    "conv_size": Axis("conv"),
    "input_size": Axis("input"),
    "threads": Axis("threads", default=1, trains=False),
    "filters": Axis("filters", default=64, quiet=True),
    "precision": Axis("", str, default="float32", quiet=True),
    "jit": Axis("jit", bool, default=False, trains=False, quiet=True),
    "path": Axis("", str, default="signature", trains=False, quiet=True),
}
"""Every axis, in the order of a cell's name. docs/decisions.md says what a new one needs."""

FACTORS = [axis for axis, spec in AXES.items() if spec.kind is int]
"""The axes with an order, whose law is fitted."""

CATEGORIES = [axis for axis in AXES if axis not in FACTORS and axis != "model"]
"""The axes without an order, whose values are compared in pairs; models are never pooled."""


def defaults() -> Cell:
    """The value of every axis that a sub-grid need not name."""
    return {axis: spec.default for axis, spec in AXES.items() if spec.default is not None}


def cell_name(cell: Cell) -> str:
    """The user's handle for a cell, e.g. `text_layers8_batch16_conv5_input56_threads1`."""
    parts = [axis.in_name(cell[key]) for key, axis in AXES.items() if key in cell]
    return "_".join(part for part in parts if part)
