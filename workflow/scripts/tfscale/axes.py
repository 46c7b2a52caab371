"""The axes of the grid and the names of cells."""

from dataclasses import dataclass
from typing import Any

Cell = dict[str, Any]
"""One value on every axis."""


@dataclass(frozen=True)
class Axis:
    """One degree of freedom: its short form in a name, and whether it touches the weights."""

    short: str
    trains: bool = True


AXES = {
    "model": Axis(""),
    "layers": Axis("layers"),
    "batch_size": Axis("batch"),
    "conv_size": Axis("conv"),
    "input_size": Axis("input"),
    "threads": Axis("threads", trains=False),
}
"""Every axis, in the order of a cell's name. A new axis is a line here and one in the schema."""

FACTORS = [axis for axis in AXES if axis != "model"]
"""The axes with an order, whose effect on time is analysed."""


def cell_name(cell: Cell) -> str:
    """The user's handle for a cell, e.g. `text_layers8_batch16_conv5_input56_threads1`."""
    return "_".join(f"{axis.short}{cell[key]}" for key, axis in AXES.items() if key in cell)
