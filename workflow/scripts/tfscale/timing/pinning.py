"""Confines a process to as many CPUs as its cell has threads."""

import os
from collections.abc import Iterator
from contextlib import suppress
from itertools import cycle, islice
from pathlib import Path

TASKS = Path("/proc/self/task")


def places(threads: int) -> list[list[int]]:
    """The groups of `threads` of this process's CPUs, from the last ones on; no CPU is in two.

    One empty group, which pins to nothing, where the system cannot pin (macOS) or allows fewer.
    """
    if not hasattr(os, "sched_setaffinity"):
        return [[]]
    allowed = sorted(os.sched_getaffinity(0))
    ends = range(len(allowed), threads - 1, -threads)
    return [allowed[end - threads : end] for end in ends] or [[]]


def in_turn(groups: list[list[int]], times: int) -> Iterator[list[int]]:
    """So many times pinned to the next of these groups of CPUs: one that is busy does not stand
    for all. They are asked of `places` before, which of a pinned process knows its own alone."""
    for cpus in islice(cycle(groups), times):
        yield pin_to(cpus)


def pin(threads: int) -> list[int]:
    """Pin this process to the last `threads` of its CPUs; see `pin_to`."""
    return pin_to(places(threads)[0])


def pin_to(cpus: list[int]) -> list[int]:
    """Pin this process with all its threads to `cpus`, and return them.

    Empty where that cannot be done or is forbidden: then nothing changes, and the row of the visit
    says so by an empty affinity.
    """
    if not cpus:
        return []
    try:
        for task in TASKS.iterdir() if TASKS.exists() else [Path("0")]:
            with suppress(ProcessLookupError):
                os.sched_setaffinity(int(task.name), cpus)
    except OSError:
        return []
    return cpus
