"""The work of a cell by kind of operation, from its axes alone."""

from tfscale.architecture import layers_of
from tfscale.flop import activation_bytes, flop_by_kind, flop_per_example, weight_bytes


def work_columns(axes: dict, vocabulary: int) -> dict[str, int]:
    """FLOP of one example in all and by kind (`<kind>_flop`), bytes of weights and activations."""
    layers = layers_of(axes)
    by_kind = {f"{kind}_flop": flop for kind, flop in flop_by_kind(layers).items()}
    return {
        "flop_per_example": flop_per_example(layers),
        "weight_bytes": weight_bytes(layers, vocabulary, axes["precision"]),
        "activation_bytes": activation_bytes(layers, axes["precision"]),
    } | by_kind
