"""Axes, effects, intervals and p-values in words; nothing that trains or times imports them.

>>> counted(1200, "cell"), p_words(0.0002), times(1.08, 1.02, 1.14)
('1,200 cells', 'p < 0.001', '1.08 times (1.02 to 1.14)')
"""

from dataclasses import dataclass, field
from math import isfinite

from tfscale.units import percent, three

WARNING = "warning: "


def p_words(p_value: float) -> str:
    """`p = 0.012`, `p < 0.001`, or that there is none."""
    if not isfinite(p_value):
        return "p unknown"
    return "p < 0.001" if p_value < 0.001 else f"p = {p_value:.2g}"


def counted(count: int, noun: str) -> str:
    """A count with its noun: `1 cell`, `1,200 cells`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def have(count: int) -> str:
    """A count of cells and the verb that follows: `1 cell has`, `2 cells have`."""
    return f"{counted(count, 'cell')} {'has' if count == 1 else 'have'}"


def share(value: float) -> str:
    """A share between 0 and 1 in per cent."""
    return percent(value, 0 if value >= 0.1 or value == 0 else 1)


def between(low: float, high: float) -> str:
    """An interval's bounds in brackets, or that there is none."""
    if not (isfinite(low) and isfinite(high)):
        return "(no interval)"
    return f"({three(low)} to {three(high)})"


def times(ratio: float, low: float, high: float) -> str:
    """A ratio with its interval: `1.08 times (1.02 to 1.14)`."""
    if not isfinite(ratio):
        return "not testable"
    return f"{three(ratio)} times {between(low, high)}"


@dataclass(frozen=True)
class Words:
    """An axis in a sentence, the unit that its label in a figure adds, and, where it has no
    order, its values in a sentence."""

    name: str
    unit: str = ""
    values: dict[str | bool, str] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """The label in a figure: the name and, in brackets, the unit."""
        return f"{self.name} ({self.unit})" if self.unit else self.name


AXIS_WORDS = {
    "batch_size": Words("batch size", "examples a call"),
    "threads": Words("threads", "of one operation"),
    "jit": Words("XLA", values={False: "the call without XLA", True: "the call compiled by XLA"}),
    "runtime": Words(
        "runtime",
        values={
            "tensorflow": "TensorFlow",
            "predict": "model.predict",
            "onnxruntime": "ONNX Runtime",
            "litert": "LiteRT",
            "openvino": "OpenVINO",
        },
    ),
}
"""The words of axes whose name does not say it."""


def words_of(axis: str) -> Words:
    """The words of an axis; of a family's own, those of its name.

    >>> words_of("input_size").name
    'input size'
    """
    return AXIS_WORDS.get(axis) or Words(axis.replace("_", " "))


def axis_name(axis: str) -> str:
    """An axis in a sentence."""
    return words_of(axis).name


def axis_label(axis: str) -> str:
    """The label of an axis in a figure."""
    return words_of(axis).label


def value_words(axis: str, value: str | bool) -> str:
    """A value of an axis without an order in a sentence; its own name where nothing is said."""
    return words_of(axis).values.get(value, str(value))
