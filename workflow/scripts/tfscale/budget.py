"""How many steps a model is trained for: the same on every machine."""

from dataclasses import dataclass
from math import ceil

from tfscale.architecture import Layer
from tfscale.flop import training_flop_per_example

TERA = 1e12
SMALLEST_VALIDATION = 32
LARGEST_VALIDATION = 1000


@dataclass(frozen=True)
class Budget:
    """Steps an epoch and validation examples an epoch."""

    steps: int
    validation: int


def training_budget(
    layers: list[Layer], training: dict, batch_size: int, examples: int, validation: int
) -> Budget:
    """Divide the budget of a model evenly over its epochs.

    `training` holds `epochs`, `budget_tflop` and `max_steps` (null: no limit); `examples` and
    `validation` are what the data set offers. At least one step an epoch is always taken, and
    at most one full walk over the training data.
    """
    limits = [ceil(examples / batch_size)]
    if training["budget_tflop"] is not None:
        step_flop = batch_size * training_flop_per_example(layers)
        limits.append(int(training["budget_tflop"] * TERA / training["epochs"] / step_flop))
    if training["max_steps"] is not None:
        limits.append(training["max_steps"] // training["epochs"])
    steps = max(1, min(limits))
    if len(limits) == 1:
        return Budget(steps, validation)
    share = min(max(steps * batch_size // 2, SMALLEST_VALIDATION), LARGEST_VALIDATION)
    return Budget(steps, min(share, validation))
