"""Confines a process to as many CPUs as its cell has threads."""

import os


def pin(threads: int) -> list[int]:
    """Pin this process to the last `threads` of its CPUs, and return them.

    Empty where the system cannot pin (macOS), forbids it, or allows fewer CPUs: then nothing
    changes, and the row of the visit says so by an empty affinity.
    """
    if not hasattr(os, "sched_setaffinity"):
        return []
    allowed = sorted(os.sched_getaffinity(0))
    if len(allowed) < threads:
        return []
    try:
        os.sched_setaffinity(0, allowed[-threads:])
    except OSError:
        return []
    return allowed[-threads:]
