"""A process that ends with its parent, by the kernel's own word (Linux)."""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None
"""Opened when this module is imported, not between a fork and its first step."""


def end_with(parent: int, number: int = signal.SIGKILL) -> None:
    """Have the kernel send this process a signal when `parent`, which started it, has ended.

    However that ended; leaves at once, with status 1, when it ended before this was asked. Does
    no more than this last where the system has no such thing (macOS).
    """
    if LIBC is not None:
        LIBC.prctl(PR_SET_PDEATHSIG, int(number), 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)
