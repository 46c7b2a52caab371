"""What a job may need on a cluster: memory and run time, from the work of its cell or model.

Requests, not estimates: too small a one ends a job, too large a one lets it wait. Each further
attempt asks for twice as much.
"""

from dataclasses import dataclass
from math import ceil

from tfscale.axes import Cell
from tfscale.console.estimate import EXAMPLES, VOCABULARY, other_s, run_s, training_s
from tfscale.console.speed import Speed
from tfscale.study.architecture import layers_of
from tfscale.study.flop import activation_bytes, weight_bytes
from tfscale.study.study import Study

MEGA = 1_000_000
BASE_MB = 1500
"""Two Snakemake processes of 140 MB, the script and a child with TensorFlow, 340 MB each; room.
With 1,200 a run of a small cell was killed under Slurm, which adds up shared pages, at 1,272 MB."""
PIXEL_BYTES = {"mnist": 2, "text": 0}
"""Of all training images, one byte a pixel, and TensorFlow's copy."""
TRAINED_WEIGHTS, TRAINED_ACTIVATIONS = 6, 4
"""Weights, gradients and Adam's two moments; activations with their gradients; and room."""
SERVED_WEIGHTS, SERVED_ACTIVATIONS = 3, 2
"""A call was measured to take 1.1 times its activations above the loaded model."""
START_MIN, SLOWER = 5, 4
"""Minutes that every job gets, and how often slower than estimated a node may be."""


@dataclass(frozen=True)
class Needs:
    """What the jobs of a study ask a cluster for: memory in MB, run time in minutes."""

    study: Study

    def training_mb(self, trained: str, attempt: int) -> int:
        """Memory of training a model."""
        axes = self.study.model(trained)
        images = PIXEL_BYTES[axes["model"]] * EXAMPLES[axes["model"]] * axes["input_size"] ** 2
        needed = TRAINED_WEIGHTS * _weights(axes) + images
        return _mb(needed + TRAINED_ACTIVATIONS * _activations(axes), attempt)

    def training_min(self, trained: str, attempt: int) -> int:
        """Run time of training a model."""
        return _minutes(training_s(self.study.model(trained), self.study.config, Speed()), attempt)

    def run_mb(self, cell: str, attempt: int) -> int:
        """Memory of timing a cell."""
        axes = self.study.cell(cell)
        needed = SERVED_WEIGHTS * _weights(axes) + SERVED_ACTIVATIONS * _activations(axes)
        return _mb(needed, attempt)

    def run_min(self, cell: str, walk: str, attempt: int) -> int:
        """Run time of timing a cell in one round, its waiting for a calm machine among it."""
        axes, config = self.study.cell(cell), self.study.config
        estimated_s = run_s(axes, walk, config, Speed())
        return _minutes(estimated_s, attempt, config["timing"]["patience_s"])

    def floor_min(self, attempt: int) -> int:
        """Run time of timing the floor and the roofs."""
        return _minutes(other_s("floor", len(self.study.shapes)), attempt)


def _weights(axes: Cell) -> int:
    return weight_bytes(layers_of(axes), VOCABULARY[axes["model"]])


def _activations(axes: Cell) -> int:
    """Bytes of all outputs of a batch."""
    return axes["batch_size"] * activation_bytes(layers_of(axes))


def _mb(needed_bytes: int, attempt: int) -> int:
    return (BASE_MB + ceil(needed_bytes / MEGA)) * 2 ** (attempt - 1)


def _minutes(estimated_s: float, attempt: int, waiting_s: float = 0) -> int:
    return (START_MIN + ceil((SLOWER * estimated_s + waiting_s) / 60)) * 2 ** (attempt - 1)
