"""What the axes are called in findings and figures: words that no timing depends on."""

from dataclasses import dataclass, field


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
    "model": Words("model"),
    "layers": Words("layers", "number"),
    "batch_size": Words("batch size", "examples a call"),
    "conv_size": Words("convolution size", "rows and columns"),
    "input_size": Words("input size", "rows, or tokens"),
    "threads": Words("threads", "of one operation"),
    "filters": Words("filters", "of every convolution"),
    "precision": Words("precision"),
    "jit": Words("XLA", values={False: "the call without XLA", True: "the call compiled by XLA"}),
    "path": Words("path", values={"signature": "the signature", "predict": "model.predict"}),
}
"""The words of every axis."""


def value_words(axis: str, value: str | bool) -> str:
    """A value of an axis without an order in a sentence; its own name where nothing is said."""
    return AXIS_WORDS[axis].values.get(value, str(value))
