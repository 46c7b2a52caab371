"""The device of a visit: CPU, or the first GPU that TensorFlow finds."""

import os
import sys
from pathlib import Path

NODES = (Path("/dev/nvidia0"), Path("/dev/kfd"), Path("/dev/dxg"))
"""Devices of NVIDIA's, AMD's and Windows' (WSL) drivers."""


def must_execute() -> bool:
    """Whether a visit needs a new interpreter: on macOS, and where there may be a GPU.

    A process that has started CUDA must not fork, and Apple's libraries forbid it. Looks at the
    drivers' files only, so that nothing is started.
    """
    hidden = os.environ.get("CUDA_VISIBLE_DEVICES", "all") in ("", "-1")
    return sys.platform == "darwin" or (not hidden and any(node.exists() for node in NODES))


def device_type() -> str:
    """GPU or CPU; starts TensorFlow's devices."""
    import tensorflow as tf

    return "GPU" if tf.config.list_logical_devices("GPU") else "CPU"


def wait_for_device() -> None:
    """Return when all operations on a GPU have ended; at once on a CPU."""
    import tensorflow as tf

    if device_type() == "GPU":
        tf.test.experimental.sync_devices()


def device_peak_bytes() -> int | None:
    """Peak memory of the GPU so far; None on a CPU."""
    import tensorflow as tf

    if device_type() == "CPU":
        return None
    return int(tf.config.experimental.get_memory_info("GPU:0")["peak"])
