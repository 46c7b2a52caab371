"""How much a model is trained, from the FLOP of an example."""

from dataclasses import dataclass
from math import ceil

BACKWARD_FACTOR = 3
"""Training costs about three forward passes an example (Kaplan et al. 2020, section 2.1)."""
TERA = 1e12
SMALLEST_STEP = 8
SMALLEST_VALIDATION, LARGEST_VALIDATION = 16, 1000
FEWEST_PREDICTED = 64


@dataclass(frozen=True)
class Budget:
    """Steps an epoch, examples a step, and validation examples an epoch."""

    steps: int
    batch_size: int
    validation: int

    @property
    def examples(self) -> int:
        """Training examples an epoch."""
        return self.steps * self.batch_size


def training_budget(
    flop: float, training: dict, batch_size: int, examples: int, validation: int
) -> Budget:
    """Divide the budget of a model, whose examples take `flop` each, evenly over its epochs.

    `training` holds `epochs`, `budget_tflop` and `max_steps` (null: no limit); `examples` and
    `validation` are what the data set offers. At least one step an epoch is always taken, and
    at most one full walk over the training data. Where the work of an epoch does not suffice for
    a whole step, that one step is smaller: what the work allows, but at least 8 examples.
    """
    limits = [ceil(examples / batch_size)]
    if training["budget_tflop"] is not None:
        epoch_flop = training["budget_tflop"] * TERA / training["epochs"]
        allowed = int(epoch_flop / (BACKWARD_FACTOR * max(flop, 1)))
        limits.append(allowed // batch_size)
        batch_size = min(batch_size, max(allowed, SMALLEST_STEP))
    if training["max_steps"] is not None:
        limits.append(training["max_steps"] // training["epochs"])
    steps = max(1, min(limits))
    if len(limits) == 1:
        return Budget(steps, batch_size, validation)
    share = min(max(steps * batch_size // 2, SMALLEST_VALIDATION), LARGEST_VALIDATION)
    return Budget(steps, batch_size, min(share, validation))


def predicted_inputs(flop: float, inputs: int, budget_tflop: float | None) -> int:
    """Of `inputs` test inputs, how many a model predicts within its budget (None: all of them);
    at least 64. Of the default study's models the largest would take five times as long to predict
    2,000 inputs as to be trained."""
    if budget_tflop is None:
        return inputs
    allowed = int(budget_tflop * TERA / max(flop, 1))
    return min(inputs, max(allowed, FEWEST_PREDICTED))
