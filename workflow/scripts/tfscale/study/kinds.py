"""The kinds of work that a model does, and the columns that tell how much of each it does.

They stand here, without TensorFlow, because the analysis fits a rate to each kind.
"""

KINDS = (
    "matmul",  # matrix products of activations and weights
    "conv",  # convolutions that are none of the next three
    "conv_thin",  # of few input channels
    "conv_depthwise",  # of one input channel a filter
    "conv_spanning",  # with a kernel as wide as its input
    "attention",  # matrix products of activations with each other
    "reduction",  # pools, sums, means, maxima
    "elementwise",  # activations and normalisation that follow no product or convolution
    "lookup",  # rows of a table
    "movement",  # transposed, joined, cut or padded tensors
)

LAST_CACHE = 32 << 20
"""Bytes of a usual last cache, of one socket or core complex."""
WORK = (
    "operations",
    "flop_per_example",
    "flop_per_call",
    *(f"{kind}_flop" for kind in KINDS),
    "weight_bytes",
    "read_weight_bytes",
    "reread_kernel_bytes",
    "activation_bytes",
    *(f"{kind}_bytes" for kind in KINDS),
)
"""All numeric columns of a model's work, in the order of tables."""
