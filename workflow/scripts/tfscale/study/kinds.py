"""The kinds of operation in a model's graph, and the columns of its work."""

KINDS = (
    "matmul",
    "conv",
    "conv_thin",
    "conv_depthwise",
    "conv_spanning",
    "attention",
    "reduction",
    "elementwise",
    "lookup",
    "movement",
)
WORK = (
    "operations",
    "flop_per_example",
    "flop_per_call",
    "weight_bytes",
    "read_weight_bytes",
    "reread_kernel_bytes",
    "activation_bytes",
    *(f"{kind}_flop" for kind in KINDS),
    *(f"{kind}_bytes" for kind in KINDS),
)
