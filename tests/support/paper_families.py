"""The paper's two families as every process of a study is told of them, written down by hand."""

_AXES = {
    "layers": {"kind": "int"},
    "conv_size": {"kind": "int", "short": "conv"},
    "input_size": {"kind": "int", "short": "input"},
    "filters": {"kind": "int", "default": 64},
    "dropout": {"kind": "float", "default": 0.75},
}
PAPER_FAMILIES = {
    "mnist": {
        "title": "Convolutional networks on images of clothing",
        "axes": _AXES,
        "paper": {"input_size": 28},
        "trained": True,
    },
    "text": {
        "title": "Convolutional networks on movie reviews",
        "axes": _AXES,
        "paper": {"input_size": 56},
        "trained": True,
    },
}
