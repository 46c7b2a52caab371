"""The work of a cell by kind of operation, from its axes alone."""

from tfscale.study.architecture import layers_of
from tfscale.study.flop import activation_bytes, flop_by_kind, flop_per_example, weight_bytes
from tfscale.study.traffic import moved_bytes, operations, read_weight_bytes, reread_kernel_bytes


def work_columns(axes: dict, vocabulary: int) -> dict[str, int]:
    """FLOP of one example in all and by kind (`<kind>_flop`), bytes of weights and activations.

    Of those bytes: what every call reads of the weights (`read_weight_bytes`), what one example
    reads of them again (`reread_kernel_bytes`) and moves by kind of operation
    (`<kind>_moved_bytes`); and the `operations` of a call.
    """
    layers = layers_of(axes)
    by_kind = {f"{kind}_flop": flop for kind, flop in flop_by_kind(layers).items()}
    moved = {
        f"{kind}_moved_bytes": size for kind, size in moved_bytes(layers, axes["precision"]).items()
    }
    return (
        {
            "operations": operations(layers),
            "flop_per_example": flop_per_example(layers),
            "weight_bytes": weight_bytes(layers, vocabulary, axes["precision"]),
            "read_weight_bytes": read_weight_bytes(layers, axes["precision"]),
            "reread_kernel_bytes": reread_kernel_bytes(layers, axes["precision"]),
            "activation_bytes": activation_bytes(layers, axes["precision"]),
        }
        | by_kind
        | moved
    )
